# Sourced by bin/ocicat and bin/ocicat-runtime, which set `self` to their own path.
#
# Nothing of the working directory is obeyed: Bun on sources would run the code that bunfig.toml
# names there, load its .env and resolve imports by its tsconfig.json; BUN_* variables run code too.

# launch NAME [ARGUMENT...]
launch() {
  name=$1
  shift
  repository=${self%/*}/..
  if is_current; then
    exec "$repository/dist/$name" "$@"
  fi
  bun=$repository/node_modules/.ocicat/bun
  # Without their system calls the sources can do nothing, and only the set-up makes them.
  if [ ! -x "$bun" ] || [ ! -f "$repository/dist/entry.node" ]; then
    echo "$name: this checkout is not set up: run \`npm run setup\` in it" >&2
    exit 1
  fi
  drop_bun_variables
  # Bun on sources is called "bun" whatever it runs, so the name becomes a word.
  case $name in ocicat-runtime) set -- runtime "$@" ;; esac
  exec "$bun" "--config=$repository/bunfig.toml" --no-env-file \
    "--tsconfig-override=$repository/tsconfig.json" "$repository/src/main.ts" "$@"
}

# A build is current when nothing it was made from is newer than its stamp (tools/build.ts). Folders
# are compared too: theirs changes when a file goes.
is_current() {
  [ -f "$repository/dist/stamp" ] && [ -x "$repository/dist/$name" ] || return 1
  newer=$(find "$repository/src" "$repository/native" "$repository/package-lock.json" \
    "$repository/tools/build.ts" "$repository/tools/bundle.ts" "$repository/tools/native.ts" \
    "$repository/tools/quick.ts" "$repository/tools/quick-bundle.ts" \
    -path "$repository/src/stage/gen" -prune -o ! -name '*.test.ts' -newer "$repository/dist/stamp" \
    -print -quit) || return 1
  [ -z "$newer" ]
}

drop_bun_variables() {
  for variable in $(env | sed -n 's/^\(BUN_[A-Za-z0-9_]*\)=.*/\1/p'); do
    unset "$variable"
  done
}
