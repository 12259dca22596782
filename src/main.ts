// The composition root: finds out under which name the program was called and hands over.

await Bun.write(Bun.stdout, `${process.argv0} ${process.argv.slice(2).join(" ")}\n`);
