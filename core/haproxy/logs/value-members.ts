import { type MemberKind, ValueShape } from "#core/events/values/value-shape.ts";

/** The value of a line's event, and what it is made of. */
export interface EventValue {
  readonly text: string;
  readonly shape: ValueShape;
}

/**
 * The members of a value that comes to be, each as JSON. What follows from their names and kinds alone, the text
 * between them and the value's shape, is kept for the next value of the same: most lines of a format have the same.
 */
export class ValueMembers {
  #last = firstPlace();
  readonly #texts: string[] = [];

  add(name: string, kind: MemberKind, json: string): void {
    this.#last = nextPlace(this.#last, name, kind);
    this.#texts.push(json);
  }

  addText(name: string, text: string): void {
    this.add(name, "text", CLEAN.test(text) ? `"${text}"` : JSON.stringify(text));
  }

  addTexts(name: string, texts: readonly (string | null)[]): void {
    this.add(name, texts.includes(null) ? "other" : "texts", JSON.stringify(texts));
  }

  addFlag(name: string, flag: boolean): void {
    this.add(name, "boolean", String(flag));
  }

  addNumber(name: string, number: number): void {
    const kind = Number.isSafeInteger(number) ? "integer" : "number";
    this.add(name, kind, kind === "integer" ? String(number) : JSON.stringify(number));
  }

  /** What JSON.stringify makes of an object to which they were given in this order. */
  end(): EventValue {
    const layout = layoutOf(this.#last);
    const texts = this.#texts;
    if (layout.keys === undefined) return this.#asObject();
    let text = "";
    for (let index = 0; index < texts.length; index++) text += (layout.keys[index] as string) + texts[index];
    return { text: `{${text}}`, shape: layout.shape };
  }

  /**
   * Of two members of a name the last counts, in the place of the first, and names that are numbers come before all.
   */
  #asObject(): EventValue {
    const held: Record<string, { readonly kind: MemberKind; readonly json: string }> = {};
    placesTo(this.#last).forEach(({ name, kind }, index) => {
      held[name] = { kind, json: this.#texts[index] as string };
    });
    const members = Object.entries(held);
    const texts = members.map(([name, { json }]) => `${JSON.stringify(name)}:${json}`);
    const kinds = Object.fromEntries(members.map(([name, { kind }]) => [name, kind]));
    return { text: `{${texts.join(",")}}`, shape: new ValueShape(kinds) };
  }
}

/** Nothing that JSON escapes. */
const CLEAN = /^[ !#-[\]-~]*$/;

/** A member by what stands before it: places make a tree of all layouts that there are. */
interface Place {
  readonly name: string;
  readonly kind: MemberKind;
  readonly before: Place | undefined;
  readonly next: Place[];
  layout: Layout | undefined;
}

interface Layout {
  /** What stands before each member: `"ci":`, `,"cp":`. Undefined where they do not stand as they were given. */
  readonly keys: readonly string[] | undefined;
  readonly shape: ValueShape;
}

/** Names are those of formats and of HAProxy's own lines: there are far fewer. */
const MAX_PLACES = 20_000;
let places = 0;

const emptyPlace = (): Place => ({ name: "", kind: "other", before: undefined, next: [], layout: undefined });
let root = emptyPlace();

function firstPlace(): Place {
  if (places > MAX_PLACES) {
    root = emptyPlace();
    places = 0;
  }
  return root;
}

function nextPlace(before: Place, name: string, kind: MemberKind): Place {
  for (const place of before.next) if (place.name === name && place.kind === kind) return place;
  const place: Place = { name, kind, before, next: [], layout: undefined };
  before.next.push(place);
  places++;
  return place;
}

function placesTo(last: Place): Place[] {
  const members: Place[] = [];
  for (let place = last; place.before !== undefined; place = place.before) members.push(place);
  return members.reverse();
}

function layoutOf(last: Place): Layout {
  last.layout ??= newLayout(placesTo(last));
  return last.layout;
}

const NUMBER = /^\d+$/;

function newLayout(members: readonly Place[]): Layout {
  const kinds = Object.fromEntries(members.map(({ name, kind }) => [name, kind]));
  const isPlain = Object.keys(kinds).length === members.length && !members.some(({ name }) => NUMBER.test(name));
  const keys = members.map(({ name }, index) => `${index === 0 ? "" : ","}${JSON.stringify(name)}:`);
  return { keys: isPlain ? keys : undefined, shape: new ValueShape(kinds) };
}
