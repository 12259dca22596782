// The named contents of an archive or a folder: what readers of image formats look things up in, and
// what writers of image formats are given to write.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { ByteSource } from "../tar/tar-writer.ts";

export interface Member {
  /** Relative, cleaned: "blobs/sha256/HEX". */
  readonly name: string;
  readonly size: number;
  /** A file that has this content alone. */
  readonly path?: string;
  /** The content from `offset` on, to its end. Chunks may be kept. Throws when there is less of it. */
  read(offset: number): ByteSource;
}

export interface Members extends Disposable {
  /** For messages: `the archive "app.tar"`. */
  readonly description: string;
  /** Undefined: there is no file of that name. Throws when there is something that is none. */
  find(name: string): Member | undefined;
}

/** Throws not-found. */
export function requireMember(members: Members, name: string): Member {
  const member = members.find(name);
  if (member === undefined) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: members.description,
      reason: `it has no ${quote(name)}`,
    });
  }
  return member;
}

/** All of a member's content. Throws when it is larger than `limit` bytes. */
export async function readWhole(member: Member, limit: number): Promise<Uint8Array> {
  if (member.size > limit) {
    throw new OcicatError("exhausted", {
      operation: "read",
      subject: quote(member.name),
      reason: `it has ${member.size} bytes, more than ${limit}`,
    });
  }
  const content = new Uint8Array(member.size);
  let filled = 0;
  for await (const chunk of member.read(0)) {
    content.set(chunk, filled);
    filled += chunk.length;
  }
  return content;
}

/** A member made of what is in memory. */
export function documentMember(name: string, content: Uint8Array): Member {
  return { name, size: content.length, read: (offset) => [content.subarray(offset)] };
}
