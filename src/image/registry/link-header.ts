// The header Link (RFC 8288), by which a registry says where the next page of a list is:
//
//   </v2/a/tags/list?last=x&n=100>; rel="next"

const LINK = /<([^<>]{1,4096})>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g;
const RELATION = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i;
const HEADER_LENGTH_MAX = 16 * 1024;

/** The target of the first link with relation "next", as it is written. */
export function nextLink(header: string): string | undefined {
  if (header.length > HEADER_LENGTH_MAX) {
    return undefined;
  }
  for (const [, target, parameters] of header.matchAll(LINK)) {
    const relation = RELATION.exec(parameters ?? "");
    const names = (relation?.[1] ?? relation?.[2] ?? "").toLowerCase().split(/\s+/);
    if (names.includes("next")) {
      return target;
    }
  }
  return undefined;
}
