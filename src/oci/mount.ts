// `mounts` of config.json. Source: config.md, section "Mounts".

export interface Mount {
  /** In the container. A relative one, deprecated, counts from "/". */
  readonly destination: string;
  readonly type?: string;
  /** For a bind mount absolute, or relative to the bundle. */
  readonly source?: string;
  readonly options?: readonly string[];
  /** Present together with `gidMappings`, or neither. */
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
}

/** Also the entries of a user namespace's maps. */
export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}
