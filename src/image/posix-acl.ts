// POSIX access control lists as extended attributes hold them (linux/posix_acl_xattr.h):
//
//   u32 version (2) | entries of u16 tag, u16 permissions, u32 id      little-endian
//
// Setting one through the kernel checks it and keeps the mode in step. An image is made without the
// kernel's help, so the same happens here (posix_acl_valid and posix_acl_equiv_mode in fs/posix_acl.c).

const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
const NO_ID = 0xffff_ffff;

const USER_OBJ = 0x01;
const USER = 0x02;
const GROUP_OBJ = 0x04;
const GROUP = 0x08;
const MASK = 0x10;
const OTHER = 0x20;

interface AclEntry {
  /** Whom it is for. */
  readonly tag: number;
  readonly permissions: number;
  readonly id: number;
}

export interface PosixAcl {
  /** Permission bits for owner, group and others: of a group with a mask, the mask's. */
  readonly permissions: number;
  /** It says no more than a mode does. */
  readonly isMode: boolean;
  /** As the kernel gives it out. */
  readonly value: Uint8Array;
}

/** Undefined: the kernel would refuse it. */
export function parsePosixAcl(value: Uint8Array): PosixAcl | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const isWhole = value.length >= HEADER_BYTES && (value.length - HEADER_BYTES) % ENTRY_BYTES === 0;
  if (!isWhole || view.getUint32(0, true) !== VERSION) {
    return undefined;
  }
  const entries: AclEntry[] = [];
  for (let at = HEADER_BYTES; at < value.length; at += ENTRY_BYTES) {
    const tag = view.getUint16(at, true);
    const hasId = tag === USER || tag === GROUP;
    entries.push({
      tag,
      permissions: view.getUint16(at + 2, true),
      id: hasId ? view.getUint32(at + 4, true) : NO_ID,
    });
  }
  return isValid(entries) ? describe(entries) : undefined;
}

/**
 * The attribute of a list in the text of acl_to_text(3), as archives have it: entries KIND:NAME:PERMISSIONS,
 * with star a fourth part that is the name's number, separated by commas or newlines. Undefined: it is no
 * list, or it has names without numbers. Whose they are, only the image's own accounts could say.
 */
export function posixAclFromText(text: string): Uint8Array | undefined {
  const lines = text
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "");
  const entries = lines.map(entryFromText);
  const known = entries.filter((entry) => entry !== undefined);
  if (known.length < entries.length) {
    return undefined;
  }
  const sorted = known.sort((one, other) => rank(one.tag) - rank(other.tag) || one.id - other.id);
  return isValid(sorted) ? encode(sorted) : undefined;
}

const KINDS: ReadonlyMap<string, { readonly owner: number; readonly named: number }> = new Map([
  ["user", { owner: USER_OBJ, named: USER }],
  ["group", { owner: GROUP_OBJ, named: GROUP }],
  ["mask", { owner: MASK, named: 0 }],
  ["other", { owner: OTHER, named: 0 }],
]);

function entryFromText(line: string): AclEntry | undefined {
  const match = /^(user|group|mask|other):([^:]*):([r-][w-][x-])(?::(\d{1,10}))?$/.exec(line);
  const [, kind = "", name = "", rights = "", number = name] = match ?? [];
  const tags = KINDS.get(kind);
  const tag = name === "" ? tags?.owner : tags?.named;
  if (tag === undefined || (name !== "" && !/^\d{1,10}$/.test(number))) {
    return undefined;
  }
  const permissions = [...rights].reduce((bits, right) => bits * 2 + (right === "-" ? 0 : 1), 0);
  return { tag, permissions, id: name === "" ? NO_ID : Number(number) };
}

/** Owner, named users, group, named groups, a mask (which names make necessary), others. */
const ORDER: ReadonlyMap<number, number> = new Map(
  [USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER].map((tag, index) => [tag, index]),
);

function isValid(entries: readonly AclEntry[]): boolean {
  const count = (tag: number): number => entries.filter((entry) => entry.tag === tag).length;
  const inOrder = entries.every(
    ({ tag }, index) => index === 0 || rank(entries[index - 1]?.tag ?? 0) <= rank(tag),
  );
  const needsMask = count(USER) + count(GROUP) > 0;
  return (
    inOrder &&
    entries.every(({ tag, permissions }) => ORDER.has(tag) && permissions <= 7) &&
    entries.every(({ tag, id }) => (tag !== USER && tag !== GROUP) || id !== NO_ID) &&
    [USER_OBJ, GROUP_OBJ, OTHER].every((tag) => count(tag) === 1) &&
    count(MASK) <= 1 &&
    (count(MASK) === 1 || !needsMask)
  );
}

function rank(tag: number): number {
  return ORDER.get(tag) ?? 0;
}

function describe(entries: readonly AclEntry[]): PosixAcl {
  const of = (tag: number): number | undefined =>
    entries.find((entry) => entry.tag === tag)?.permissions;
  const group = of(MASK) ?? of(GROUP_OBJ) ?? 0;
  const isMode = entries.every(({ tag }) => [USER_OBJ, GROUP_OBJ, OTHER].includes(tag));
  const permissions = ((of(USER_OBJ) ?? 0) << 6) | (group << 3) | (of(OTHER) ?? 0);
  return { permissions, isMode, value: encode(entries) };
}

function encode(entries: readonly AclEntry[]): Uint8Array {
  const value = new Uint8Array(new ArrayBuffer(HEADER_BYTES + entries.length * ENTRY_BYTES));
  const view = new DataView(value.buffer);
  view.setUint32(0, VERSION, true);
  for (const [index, { tag, permissions, id }] of entries.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, permissions, true);
    view.setUint32(at + 4, id, true);
  }
  return value;
}
