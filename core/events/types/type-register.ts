import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { TypeStanding } from "#core/events/types/type-changes.ts";

/** What is declared of event types while Pulse runs, and is in force until it is declared anew. */
export interface TypeRegister {
  standing(type: string): Promise<TypeStanding>;
  /**
   * Puts the declaration in force, with all that events need to be kept by it, before it answers. What an earlier
   * version said comes too late, and changes nothing.
   */
  declare(declaration: EventTypeDeclaration, version: number): Promise<void>;
}
