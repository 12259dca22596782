// Lists of CPUs and memory nodes: "0-3,7" (cpuset(7), "List format").

const MOST_NUMBERS = 1 << 16;

/** The numbers of a list, or undefined where it is none. Spaces and empty elements are allowed. */
export function parseNumberList(list: string): number[] | undefined {
  const numbers: number[] = [];
  for (const part of list.split(",")) {
    const match = /^\s*(?:(\d{1,5})(?:-(\d{1,5}))?)?\s*$/.exec(part);
    if (match === null) {
      return undefined;
    }
    const [, first, last = first] = match;
    if (first === undefined || last === undefined) {
      continue;
    }
    if (Number(last) < Number(first) || numbers.length > MOST_NUMBERS) {
      return undefined;
    }
    for (let number = Number(first); number <= Number(last); number += 1) {
      numbers.push(number);
    }
  }
  return numbers;
}

/** A bit for each number, the lowest first, as systemd takes them; undefined for no list or an empty one. */
export function bitsOfList(list: string): number[] | undefined {
  const numbers = parseNumberList(list);
  if (numbers === undefined || numbers.length === 0) {
    return undefined;
  }
  const bytes: number[] = Array(Math.floor(Math.max(...numbers) / 8) + 1).fill(0);
  for (const number of numbers) {
    const index = Math.floor(number / 8);
    bytes[index] = (bytes[index] ?? 0) | (1 << (number % 8));
  }
  return bytes;
}
