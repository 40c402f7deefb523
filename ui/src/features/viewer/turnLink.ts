/** From what is looked at to the camera, of unit length. */
export type Direction = readonly [number, number, number];

/** Below this two directions are one. */
const SAME = 1e-4;

export function sameDirection(one: Direction | null, other: Direction): boolean {
  return one !== null && one.every((value, axis) => Math.abs(value - (other[axis] ?? 0)) < SAME);
}

/** Viewers that are turned together: each hears from where another is looked at. */
export class TurnLink {
  readonly #followers = new Set<(direction: Direction) => void>();

  join(follow: (direction: Direction) => void): () => void {
    this.#followers.add(follow);
    return () => this.#followers.delete(follow);
  }

  tell(from: (direction: Direction) => void, direction: Direction) {
    for (const follow of this.#followers) if (follow !== from) follow(direction);
  }
}
