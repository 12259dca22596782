// Writes the archive format of a Linux initrd: cpio "newc" (Documentation/driver-api/early-userspace/
// buffer-format.rst in the kernel's tree).
//
//   "070701" then 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size,
//   device major and minor, special major and minor, length of the name with its NUL, check (0)
//   name, NUL, zeros up to a multiple of 4; content, zeros up to a multiple of 4
//   the last entry is named TRAILER!!!

export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: Uint8Array;
      readonly mode: number;
    };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

export function writeCpio(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => {
    const content = entry.kind === "file" ? entry.content : new Uint8Array();
    const mode = entry.kind === "file" ? S_IFREG | entry.mode : S_IFDIR | 0o755;
    parts.push(...member(entry.path, mode, index + 1, content));
  });
  parts.push(...member("TRAILER!!!", 0, 0, new Uint8Array()));
  return Bun.concatArrayBuffers(parts, Number.POSITIVE_INFINITY, true);
}

function member(path: string, mode: number, inode: number, content: Uint8Array): Uint8Array[] {
  const name = new TextEncoder().encode(`${path}\0`);
  const links = 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const digits = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const header = new TextEncoder().encode(`070701${digits}`);
  return [header, name, padding(header.length + name.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
