import { type Fault, invalidInput } from "#core/errors.ts";
import type { PageRequest } from "#core/events/event-store.ts";
import { type Cursor, fromCursorText } from "#core/events/query/cursor.ts";
import { quote } from "#core/faults.ts";

const DEFAULT_PER_PAGE = 30;
const MAX_PER_PAGE = 1000;
/** How deep a page may lie; beyond it a cursor goes on. */
export const MAX_PAGE_DEPTH = 10_000;

/** A page as asked: by number, or by cursor. */
export interface AskedPage {
  readonly page: number;
  readonly perPage: number;
  readonly after?: Cursor | "start";
}

/** `page` and `per_page` are clamped as Vamp did (1…, 1–1000); what is not a whole number is refused. */
export function parsePage(parameters: {
  readonly page?: string | undefined;
  readonly perPage?: string | undefined;
  readonly cursor?: string | undefined;
}): AskedPage {
  const faults: Fault[] = [];
  const whole = (pointer: string, asked: string | undefined, missing: number): number => {
    if (asked === undefined) return missing;
    if (/^[+-]?\d{1,15}$/.test(asked)) return Number(asked);
    faults.push({ pointer, detail: `must be a whole number, not ${quote(asked)}` });
    return missing;
  };
  const page = Math.max(1, whole("page", parameters.page, 1));
  const perPage = Math.min(MAX_PER_PAGE, Math.max(1, whole("per_page", parameters.perPage, DEFAULT_PER_PAGE)));
  if (faults.length > 0) throw invalidInput(faults);
  if (parameters.cursor !== undefined) {
    return { page, perPage, after: parameters.cursor === "*" ? "start" : fromCursorText(parameters.cursor) };
  }
  return { page, perPage };
}

export const toPageRequest = ({ page, perPage, after }: AskedPage): PageRequest =>
  after === undefined ? { offset: (page - 1) * perPage, limit: perPage } : { after, limit: perPage };
