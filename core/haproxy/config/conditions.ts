/** Whether the lines of a branch count: `maybe` where only the HAProxy that starts with them can tell. */
export type Branch = "taken" | "dropped" | "maybe";

interface Level {
  readonly branch: Branch;
  /** What is left for the branches to come. */
  readonly rest: Branch;
  readonly line: number;
}

const BRANCHES: ReadonlySet<string> = new Set([".if", ".elif", ".else", ".endif"]);

/** Keeps count of `.if`, `.elif`, `.else` and `.endif` (configuration manual, section 2.4). */
export class Conditions {
  readonly #levels: Level[] = [];

  /** Whether a line here counts. */
  get branch(): Branch {
    const branches = this.#levels.map(({ branch }) => branch);
    if (branches.includes("dropped")) return "dropped";
    return branches.includes("maybe") ? "maybe" : "taken";
  }

  /** The lines of the `.if`s that are not closed. */
  get open(): readonly number[] {
    return this.#levels.map(({ line }) => line);
  }

  /** Takes a line that begins with a dot; answers with what is wrong with it. */
  take([word = "", ...condition]: readonly string[], line: number): string | undefined {
    // .notice, .warning, .alert and .diag only say something.
    if (!BRANCHES.has(word)) return undefined;
    if (word === ".if") {
      this.#levels.push({ ...choose(truthOf(condition), "taken"), line });
      return undefined;
    }
    const level = this.#levels.pop();
    if (level === undefined) return `${word} without .if`;
    if (word === ".endif") return undefined;
    const value = word === ".else" ? "taken" : truthOf(condition);
    this.#levels.push({ ...choose(value, level.rest), line: level.line });
    return undefined;
  }
}

/** A number is known before HAProxy starts, and nothing at all is false; predicates are not. */
function truthOf(condition: readonly string[]): Branch {
  const text = condition.join(" ");
  if (text === "") return "dropped";
  if (!/^\d+$/.test(text)) return "maybe";
  return Number(text) === 0 ? "dropped" : "taken";
}

/** Of a branch whose condition is so, where `rest` is what the branches before it have left. */
function choose(value: Branch, rest: Branch): Pick<Level, "branch" | "rest"> {
  if (rest === "dropped" || value === "dropped") return { branch: "dropped", rest };
  if (value === "taken") return { branch: rest, rest: "dropped" };
  return { branch: "maybe", rest: "maybe" };
}
