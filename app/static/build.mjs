// Builds what the pages load: our scripts and styles with their libraries into app/static/dist, so that no page ever asks another host.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "..", "..", "node_modules");
const dist = path.join(here, "dist");
const fresh = path.join(modules, ".pages");

// Every browser that runs these pages reads woff2; the older copy beside each face would double the folder.
const woff2Only = {
  name: "woff2-only",
  setup(builder) {
    builder.onLoad({ filter: /@fontsource[\\/].*\.css$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, "utf8")).replace(/,\s*url\([^)]*\.woff\)\s*format\('woff'\)/g, ""),
      loader: "css",
    }));
  },
};

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

await build({
  absWorkingDir: here,
  entryPoints: {
    pages: "js/pages.js",
    workspace: "js/workspace.js",
    start: "js/start.js",
    style: "css/style.css",
  },
  outdir: fresh,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "iife",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".woff2": "file", ".svg": "file" },
  assetNames: "fonts/[name]",
  legalComments: "none",
  logLevel: "warning",
  plugins: [woff2Only],
});

for (const name of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  await copyFile(path.join(modules, "swagger-ui-dist", name), path.join(fresh, name));
}
await copyFile(path.join(here, "seal.svg"), path.join(fresh, "seal.svg"));

// Put in place whole: a server that is running meanwhile serves the old files or the new ones, never half of them.
await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);
