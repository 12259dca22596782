// What to do about a container without a cgroup, where it takes one.

export const NO_CGROUP_HINT =
  "an ordinary user's containers have cgroups where the log-in session lends them: `ocicat doctor` tells";
