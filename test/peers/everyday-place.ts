// A place to use ocicat in as people do: with an image that has servers.

import { expect } from "bun:test";
import { servicesLayout } from "../../tools/peers/service-image.ts";
import { ContainerPlace } from "../e2e/container-place.ts";
import { eventually } from "./conditions.ts";

export class EverydayPlace extends ContainerPlace {
  readonly services = "services";

  /** Brings the image into the store under its name. */
  async prepare(): Promise<void> {
    const layout = `oci:${await servicesLayout()}:latest`;
    expect((await this.run([layout, "true"])).status).toBe(0);
    this.onImages("tag", this.onImages("images", "-q").trim(), this.services);
  }

  /** `run -d` under a name. Returns its ID. */
  serve(name: string, flags: readonly string[], command: readonly string[]): string {
    const words = this.command([...flags, this.services, ...command], name);
    const [program = "", , ...rest] = words.filter((word) => word !== "--rm");
    const child = Bun.spawnSync([program, "run", "-d", ...rest], { cwd: this.folder });
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
    return child.stdout.toString().trim();
  }

  /** What a command in a container says, which has to succeed. */
  inside(name: string, ...command: readonly string[]): string {
    return this.outputOf("exec", name, ...command);
  }

  /** Waits until a command in a container succeeds. */
  async answers(name: string, ...command: readonly string[]): Promise<string> {
    const found = await eventually(`${command.join(" ")} in ${name}`, () => {
      const { status, stdout } = this.call("exec", [name, ...command]);
      return status === 0 && { stdout };
    });
    return found.stdout;
  }

  /** Waits until a container's log has a text. */
  async logs(name: string, text: string): Promise<string> {
    return await eventually(`"${text}" in the log of ${name}`, () => {
      const { stdout, stderr } = this.call("logs", [name]);
      const whole = stdout + stderr;
      return whole.includes(text) && whole;
    });
  }
}
