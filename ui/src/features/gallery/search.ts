/** What was typed, taken apart: words to look for, and the time in which a thing was made. */
export interface Search {
  text: string;
  since: number | null;
  until: number | null;
}

const startOf = (year: number, month: number, day: number) => new Date(year, month, day).getTime();

/** The stretch of time that a word names: "today", "yesterday", "2026-11", "2026-11-21". */
function timeOf(word: string, now: number): [number, number] | null {
  const today = new Date(now);
  const [year, month, day] = [today.getFullYear(), today.getMonth(), today.getDate()];
  if (word === "today") return [startOf(year, month, day), startOf(year, month, day + 1)];
  if (word === "yesterday") return [startOf(year, month, day - 1), startOf(year, month, day)];
  const date = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(word);
  if (date === null) return null;
  const [y, m, d] = date.slice(1).map(Number) as [number, number, number];
  if (m < 1 || m > 12) return null;
  return date[3] === undefined ? [startOf(y, m - 1, 1), startOf(y, m, 1)] : [startOf(y, m - 1, d), startOf(y, m - 1, d + 1)];
}

export function parseSearch(typed: string, now: number): Search {
  const words: string[] = [];
  let since: number | null = null;
  let until: number | null = null;
  for (const word of typed.trim().split(/\s+/)) {
    const time = timeOf(word.toLowerCase(), now);
    if (time === null) words.push(word);
    else [since, until] = time;
  }
  return { text: words.join(" "), since, until };
}
