// Lists that a registry hands out page by page: tags, repositories. The header Link says where the next
// page is. A registry can make pages without end; pages, entries and addresses are bounded.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Access } from "./authorizer.ts";
import type { HostConnection } from "./host-connection.ts";
import { nextLink } from "./link-header.ts";
import { propertyOf, RegistryError, type Task } from "./registry-error.ts";
import { withRetries } from "./retry.ts";

export interface ListRequest {
  readonly task: Task;
  /** Below the API's path. */
  readonly target: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly access: Access;
  /** Statuses beside 200 that stand for "there is none". */
  readonly emptyOn?: readonly number[];
}

export interface Page {
  readonly text: string;
  readonly headers: Headers;
}

const PAGES_MAX = 100_000;

/** The property `name` of all pages, which is a list of texts in each. */
export async function* listTexts(
  connection: HostConnection,
  request: ListRequest,
  name: string,
): AsyncGenerator<string, void, undefined> {
  let entries = 0;
  for await (const { text } of listPages(connection, request)) {
    const list = listOf(text, name);
    if (list === undefined) {
      throw unreadable(request.task, connection);
    }
    entries += list.length;
    checkEntries(request.task, connection, entries);
    for (const entry of list) {
      if (typeof entry !== "string") {
        throw unreadable(request.task, connection);
      }
      yield entry;
    }
  }
}

export async function* listPages(
  connection: HostConnection,
  request: ListRequest,
): AsyncGenerator<Page, void, undefined> {
  const seen = new Set<string>();
  let target: string | URL = request.target;
  let query = request.query ?? {};
  while (seen.size < PAGES_MAX) {
    const page = await onePage(connection, { ...request, target, query });
    if (page === undefined) {
      return;
    }
    yield page;
    const next = nextPage(request.task, page);
    if (next === undefined || seen.has(next.href)) {
      return;
    }
    seen.add(next.href);
    target = next;
    query = {};
  }
}

interface PageRequest extends Omit<ListRequest, "target"> {
  readonly target: string | URL;
}

interface LocatedPage extends Page {
  readonly url: URL;
}

async function onePage(
  connection: HostConnection,
  { task, target, query = {}, access, emptyOn = [] }: PageRequest,
): Promise<LocatedPage | undefined> {
  const { limits } = connection.context;
  return await withRetries(connection.context, `list of ${connection.host.domain}`, async () => {
    const answer = await connection.send(task, {
      method: "GET",
      target,
      query,
      access,
      accepts: [200, ...emptyOn],
      headers: { Accept: "application/json, */*;q=0.5" },
    });
    if (answer.status !== 200) {
      await answer.discard();
      return undefined;
    }
    const content = await answer.document(limits.documentBytes);
    const text = new TextDecoder().decode(content);
    return { text, headers: answer.headers, url: answer.url };
  });
}

function listOf(text: string, name: string): readonly unknown[] | undefined {
  try {
    // Go's programs write an empty list as null.
    const list = propertyOf(JSON.parse(text), name) ?? [];
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: that was the last one. Another host's pages are none of this registry's. */
function nextPage(task: Task, { headers, url }: LocatedPage): URL | undefined {
  const written = nextLink(headers.get("link") ?? "");
  if (written === undefined) {
    return undefined;
  }
  const next = URL.canParse(written, url.href) ? new URL(written, url) : undefined;
  // Behind a proxy that ends TLS, registries write the address as they see it.
  if (next?.protocol === "http:" && url.protocol === "https:" && next.hostname === url.hostname) {
    next.protocol = "https:";
    next.port = url.port;
  }
  if (next?.origin !== url.origin) {
    throw new RegistryError("unavailable", {
      ...task,
      reason: `${quote(url.host)} says that the list goes on at another host`,
    });
  }
  return next;
}

function checkEntries(task: Task, connection: HostConnection, entries: number): void {
  const { listEntries } = connection.context.limits;
  if (entries > listEntries) {
    throw new OcicatError("exhausted", {
      ...task,
      reason: `the list has more than ${listEntries} entries`,
    });
  }
}

function unreadable(task: Task, connection: HostConnection): RegistryError {
  const reason = `${quote(connection.host.domain)} sent no list`;
  return new RegistryError("unavailable", { ...task, reason });
}
