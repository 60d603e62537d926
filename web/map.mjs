// The map's shapes, for the service to draw: one line of path data for each county and state,
// from us-atlas (Census Bureau boundaries, projected, Alaska and Hawaii moved in).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const WIDTH = 975;
const HEIGHT = 610;

/** `{width, height, states: [{id, path, box}], counties: [{id, path, box}]}` */
export function shapes() {
  const atlas = JSON.parse(readFileSync(require.resolve("us-atlas/counties-albers-10m.json"), "utf8"));
  const of = (name) =>
    feature(atlas, atlas.objects[name])
      .features.map(({ id, geometry }) => ({ id, ...drawn(geometry) }))
      .filter((shape) => shape.path !== "")
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { width: WIDTH, height: HEIGHT, states: of("states"), counties: of("counties") };
}

/** Rings as relative steps in tenths of a unit: half the size of absolute ones. */
function drawn(geometry) {
  const polygons = geometry?.type === "Polygon" ? [geometry.coordinates] : (geometry?.coordinates ?? []);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  let path = "";
  for (const ring of polygons.flat()) {
    const points = ring.map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)]);
    const steps = [];
    let [x, y] = points[0];
    for (const [nx, ny] of points.slice(1, -1)) {
      if (nx === x && ny === y) continue;
      steps.push(`${tenths(nx - x)},${tenths(ny - y)}`);
      [x, y] = [nx, ny];
    }
    // What has no area at this scale is not drawn.
    if (steps.length < 2) continue;
    path += `M${tenths(points[0][0])},${tenths(points[0][1])}l${steps.join(" ")}z`;
    for (const [px, py] of points) {
      box[0] = Math.min(box[0], px / 10);
      box[1] = Math.min(box[1], py / 10);
      box[2] = Math.max(box[2], px / 10);
      box[3] = Math.max(box[3], py / 10);
    }
  }
  return { path, box };
}

const tenths = (n) => String(n / 10);
