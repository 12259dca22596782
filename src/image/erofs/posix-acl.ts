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
