// The same parallel projection, box, grid, ticks and names as in the printed figure.
const UNDER = 48, OVER = 14;  // room for ticks and names, in pixels
const middleOf = height => (height + OVER - UNDER) / 2;

// Pixels to a unit at which the whole box is seen. As at home unless that would cut it off: turning changes no scale
// that need not change.
function fitting({azimuth, elevation}, box, width, height) {
  const a = azimuth * Math.PI / 180, e = elevation * Math.PI / 180, [s, c] = [Math.abs(Math.sin(a)), Math.abs(Math.cos(a))];
  const wide = 2 * (box.half_x * s + box.half_y * c);
  const tall = 2 * (box.half_x * c + box.half_y * s) * Math.sin(e) + box.top * Math.cos(e);
  return Math.min((width - 2 * Math.min(62, 0.16 * width)) / wide, (height - OVER - UNDER) / tall);
}

class Camera {
  constructor(view, home, box, width, height) {
    const a = view.azimuth * Math.PI / 180, e = view.elevation * Math.PI / 180;
    this.towards = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
    this.right = [-Math.sin(a), Math.cos(a), 0];
    this.up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
    this.pixels = view.zoom * Math.min(fitting(home, box, width, height), fitting(view, box, width, height));
    this.middle = [0, 0, box.top / 2];
    this.centre = [width / 2 + view.x * width, middleOf(height) + view.y * width];
  }

  project(p) {
    const q = [p[0] - this.middle[0], p[1] - this.middle[1], p[2] - this.middle[2]];
    return [this.centre[0] + this.pixels * dot(q, this.right), this.centre[1] - this.pixels * dot(q, this.up), dot(q, this.towards)];
  }

  matrix(width, height) {  // column by column, for canvas pixels of any density
    const sx = 2 * this.pixels / this.width, sy = 2 * this.pixels / this.height;
    const rows = [this.right.map(v => v * sx), this.up.map(v => v * sy), this.towards.map(v => -v / 20)];
    const shift = [2 * this.centre[0] / this.width - 1, 1 - 2 * this.centre[1] / this.height, 0];
    const last = rows.map((row, k) => shift[k] - dot(row, this.middle));
    return [0, 1, 2].flatMap(c => [rows[0][c], rows[1][c], rows[2][c], 0]).concat(last, [1]);
  }
}

function stroke(pen, points) {
  pen.beginPath();
  points.forEach((p, k) => k ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1]));
  pen.stroke();
}

class Axes {
  constructor(pen, component, camera, look) {
    const {box, alpha, beta, names} = component.data, [tx, ty] = camera.towards;
    Object.assign(this, {pen, camera, look, box, alpha, beta, names, scale: component.scale});
    this.near = [tx < 0 ? -box.half_x : box.half_x, ty < 0 ? -box.half_y : box.half_y];
    this.heights = this.scale.ticks.map(t => [box.bottom + t.share * (box.top - box.bottom), t.label]);
  }

  line(points) { stroke(this.pen, points.map(p => this.camera.project(p))); }

  walls() {
    const {pen, look, near: [nx, ny], box: {half_x: hx, half_y: hy, top}} = this;
    pen.lineWidth = 0.75;
    pen.strokeStyle = look.grid;
    pen.fillStyle = look.wall;
    for (const corners of [
      [[-hx, -hy, 0], [hx, -hy, 0], [hx, hy, 0], [-hx, hy, 0]],
      [[-nx, -hy, 0], [-nx, hy, 0], [-nx, hy, top], [-nx, -hy, top]],
      [[-hx, -ny, 0], [hx, -ny, 0], [hx, -ny, top], [-hx, -ny, top]],
    ]) {
      this.line([...corners, corners[0]]);
      pen.fill();
      pen.stroke();
    }
    for (const {at} of this.alpha.ticks) this.line([[at, ny, 0], [at, -ny, 0], [at, -ny, top]]);
    for (const {at} of this.beta.ticks) this.line([[nx, at, 0], [-nx, at, 0], [-nx, at, top]]);
    for (const [z] of this.heights) this.line([[nx, -ny, z], [-nx, -ny, z], [-nx, ny, z]]);
  }

  edges() {
    const {box: {half_x: hx, half_y: hy, top, bottom}, near: [nx, ny], names, camera} = this;
    this.edge([[-hx, ny, 0], [hx, ny, 0]], this.alpha.ticks.map(t => [[t.at, ny, 0], t.label]), [0, Math.sign(ny), 0], this.alpha.label);
    this.edge([[nx, -hy, 0], [nx, hy, 0]], this.beta.ticks.map(t => [[nx, t.at, 0], t.label]), [Math.sign(nx), 0, 0], this.beta.label);
    if (camera.up[2] < 0.3) return;  // from far above, heights cannot be read off an axis
    const corners = [[nx, -ny], [-nx, ny]].sort((a, b) => camera.project([...a, 0])[0] - camera.project([...b, 0])[0]);
    const left = corners[0];
    this.edge([[...left, 0], [...left, top]], this.heights.map(([z, label]) => [[...left, z], label]), camera.right.map(v => -v), names.height, [...left, (bottom + top) / 2]);
  }

  edge(ends, ticks, outward, name, middle) {
    const {pen, look, camera} = this, [a, b] = ends.map(p => camera.project(p));
    const away = [dot(outward, camera.right), -dot(outward, camera.up)], length = Math.hypot(...away);
    const along = [b[0] - a[0], b[1] - a[1]], run = Math.hypot(...along);
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1.1;
    pen.lineCap = "round";
    stroke(pen, [a, b]);
    if (length < 1e-6 || run < 40) return;
    const d = away.map(v => v / length);
    pen.fillStyle = look.ink;
    pen.font = `${look.size}px ${look.font}`;
    let widest = 0;
    const gap = ticks.length > 1 ? run / ticks.length : run;
    ticks.forEach(([place, label], k) => {
      const p = camera.project(place);
      stroke(pen, [p, [p[0] + 4 * d[0], p[1] + 4 * d[1]]]);
      if (gap < 16 && k % 2) return;
      widest = Math.max(widest, pen.measureText(label).width);
      pen.textAlign = Math.abs(d[0]) < 0.35 ? "center" : d[0] > 0 ? "left" : "right";
      pen.textBaseline = Math.abs(d[1]) < 0.35 ? "middle" : d[1] > 0 ? "top" : "bottom";
      pen.fillText(label, p[0] + 7 * d[0], p[1] + 7 * d[1]);
    });
    const foot = middle ? camera.project(middle) : [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const slant = Math.abs(d[0] * along[1] - d[1] * along[0]) / run;  // ticks that lean towards the axis need more room
    const far = (14 + look.size * 1.15 + Math.abs(d[0]) * (widest - (middle ? 6 : 8))) / Math.max(slant, 0.5);
    let angle = Math.atan2(along[1], along[0]);
    if (angle > Math.PI / 2 || angle <= -Math.PI / 2) angle += angle > 0 ? -Math.PI : Math.PI;
    if (middle) angle = -Math.PI / 2;
    pen.save();
    pen.translate(foot[0] + far * d[0], foot[1] + far * d[1]);
    pen.rotate(angle);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `${look.size + 1}px ${look.font}`;
    pen.fillText(pen.measureText(name).width > 1.15 * run ? name.split(" (")[0] : name, 0, 0);
    pen.restore();
  }
}
