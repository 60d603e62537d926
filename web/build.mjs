// Fills ../assets: app.css, app.js, favicon.svg, map.json, and the fonts and images that the
// style sheet really names. Run by `make assets`; the folder is never committed.
import { build } from "esbuild";
import { compile } from "sass";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { letterFonts } from "./letters.mjs";
import { shapes } from "./map.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "assets");
const uswds = join(here, "node_modules", "@uswds", "uswds");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Style: sass, then one file of each font and image that is left in it.
const { css } = compile(join(here, "src", "app.scss"), {
  loadPaths: [join(uswds, "packages")],
  quietDeps: true,
  silenceDeprecations: ["if-function", "global-builtin", "import"],
});
const styles = keepWoff2(css);
for (const [, kind, path] of styles.matchAll(/url\(["']?(fonts|img)\/([^"')?#]+)/g)) {
  const target = join(out, kind, path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(uswds, "dist", kind, path), target);
}
await bundle({ stdin: { contents: styles, loader: "css", resolveDir: here }, outfile: join(out, "app.css"), external: ["fonts/*", "img/*"] });

// Script: our own file only, no library.
await bundle({ entryPoints: [join(here, "src", "app.js")], outfile: join(out, "app.js"), format: "iife" });

cpSync(join(here, "src", "favicon.svg"), join(out, "favicon.svg"));

// Shapes of counties and states: the service draws its maps from them.
writeFileSync(join(out, "map.json"), JSON.stringify(shapes()));

// Type of the letters, cut down to the characters that names and letters are written in.
mkdirSync(join(out, "letters"));
for (const [name, bytes] of await letterFonts()) {
  writeFileSync(join(out, "letters", name), bytes);
  console.log(`${name.padEnd(12)} ${bytes.length} bytes`);
}

// The licences of what was copied travel with it.
cpSync(join(uswds, "LICENSE.md"), join(out, "LICENSE-uswds.md"));
cpSync(join(here, "node_modules", "us-atlas", "LICENSE"), join(out, "LICENSE-us-atlas.txt"));

// One word for the whole set: pages put it behind file names, so that browsers may keep them.
const digest = createHash("sha256");
for (const name of ["app.css", "app.js", "favicon.svg", "map.json"]) {
  const bytes = readFileSync(join(out, name));
  digest.update(bytes);
  console.log(`${name.padEnd(12)} ${bytes.length} bytes, ${gzipSync(bytes).length} gzip`);
}
writeFileSync(join(out, "version.txt"), digest.digest("hex").slice(0, 12));

function bundle(options) {
  return build({ bundle: true, minify: true, target: ["chrome109", "firefox115", "safari16"], legalComments: "none", logLevel: "warning", ...options });
}

// Every browser we serve reads woff2: the older formats would only be dead weight in the binary.
function keepWoff2(text) {
  return text.replace(/src:\s*([^;}]*\.woff2[^;}]*)/g, (_, list) => {
    const woff2 = list.split(",").find((source) => source.includes(".woff2"));
    return `src: ${woff2.trim()}`;
  });
}
