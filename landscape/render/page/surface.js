// Interactive surfaces: one WebGL painter for the page, a plain canvas a panel, linked views and readings.
// Everything is read from the JSON beside each component; nothing is fetched.
"use strict";
(() => {
const SIDES = 12, STRIDE = 8;  // a vertex: place 3, normal 3, share, below
const LIGHTS = [[-0.5, 0.9, 0.8, 0.62], [0.8, 0.25, 0.6, 0.40], [0.1, 0.6, -0.9, 0.22]];
const LEVELS = 9;
const MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const FORWARD = {linear: v => v, sqrt: Math.sqrt, log: Math.log10};

const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const doubles = text => new Float64Array(bytes(text).buffer);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = a => { const l = Math.hypot(...a) || 1; return a.map(v => v / l); };
const minus = text => String(text).replace("-", "\u2212");

// ---- geometry: the surface between grid points is two triangles a square, cut exactly at the ceiling ----

function heightsOf(frame, scale, box) {
  const forward = FORWARD[scale.name], low = forward(scale.low), high = forward(scale.high);
  const share = Float64Array.from(frame.values, v => {
    const s = (forward(v) - low) / (high - low);
    return Number.isFinite(s) ? s : NaN;
  });
  return {share, z: s => box.bottom + s * (box.top - box.bottom)};
}

function normalsOf(x, y, z, n, m) {
  const out = new Float64Array(3 * n * m);
  const slope = (at, lo, hi, step, along) => {
    const a = Number.isFinite(z[lo]) ? lo : at, b = Number.isFinite(z[hi]) ? hi : at;
    return a === b ? 0 : (z[b] - z[a]) / (along(b) - along(a));
  };
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
    const at = i * m + j;
    const dx = slope(at, i ? at - m : at, i < n - 1 ? at + m : at, m, k => x[Math.floor(k / m)]);
    const dy = slope(at, j ? at - 1 : at, j < m - 1 ? at + 1 : at, 1, k => y[k % m]);
    const length = Math.hypot(dx, dy, 1);
    out.set([-dx / length, -dy / length, 1 / length], 3 * at);
  }
  return out;
}

function meshOf(frame, shares, box) {
  const {x, y, n, m} = frame, z = shares.map(s => box.bottom + s * (box.top - box.bottom));
  const normal = normalsOf(x, y, z, n, m), vertices = [], faces = [];
  for (let k = 0; k < n * m; k++) {
    const s = shares[k], below = frame.below ? frame.below[k] : 1;
    vertices.push(x[Math.floor(k / m)], y[k % m], z[k], normal[3 * k], normal[3 * k + 1], normal[3 * k + 2], s, below);
  }
  const between = (a, b) => {
    const t = (1 - vertices[a * STRIDE + 6]) / (vertices[b * STRIDE + 6] - vertices[a * STRIDE + 6]);
    for (let c = 0; c < STRIDE; c++) vertices.push(vertices[a * STRIDE + c] * (1 - t) + vertices[b * STRIDE + c] * t);
    return vertices.length / STRIDE - 1;
  };
  const cut = corners => {
    const kept = [];
    corners.forEach((a, k) => {
      const b = corners[(k + 1) % 3], sa = vertices[a * STRIDE + 6], sb = vertices[b * STRIDE + 6];
      if (sa <= 1) kept.push(a);
      if ((sa - 1) * (sb - 1) < 0) kept.push(between(a, b));
    });
    for (let k = 2; k < kept.length; k++) faces.push(kept[0], kept[k - 1], kept[k]);
  };
  eachTriangle(shares, n, m, triangle => {
    if (triangle.every(k => shares[k] <= 1 + 1e-9)) faces.push(...triangle); else cut(triangle);
  });
  const packed = Float32Array.from(vertices, v => Number.isFinite(v) ? v : 0);
  return {vertices: packed, faces: Uint32Array.from(faces)};
}

function eachTriangle(shares, n, m, visit) {
  for (let i = 0; i < n - 1; i++) for (let j = 0; j < m - 1; j++) {
    const a = i * m + j, b = a + m, c = b + 1, d = a + 1;
    if (![a, b, c, d].every(k => Number.isFinite(shares[k]))) continue;
    visit([a, b, c]); visit([a, c, d]);
  }
}

function tubeOf(points, radius) {
  const vertices = [], faces = [];
  points.forEach((p, k) => {
    const along = unit(points[Math.min(k + 1, points.length - 1)].map((v, c) => v - points[Math.max(k - 1, 0)][c]));
    const side = unit(cross(along, Math.abs(along[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0])), up = cross(side, along);
    for (let s = 0; s < SIDES; s++) {
      const turn = 2 * Math.PI * s / SIDES, out = side.map((v, c) => v * Math.cos(turn) + up[c] * Math.sin(turn));
      vertices.push(...p.map((v, c) => v + radius * out[c]), ...out, 0, 1);
      if (k) {
        const a = k * SIDES + s, b = k * SIDES + (s + 1) % SIDES;
        faces.push(a, b, a - SIDES, b, b - SIDES, a - SIDES);
      }
    }
  });
  return {vertices: Float32Array.from(vertices), faces: Uint32Array.from(faces)};
}

function ballOf(centre, radius, rings = 16) {
  const vertices = [], faces = [], around = 2 * rings;
  for (let r = 0; r <= rings; r++) for (let s = 0; s < around; s++) {
    const tilt = Math.PI * r / rings, turn = 2 * Math.PI * s / around;
    const out = [Math.sin(tilt) * Math.cos(turn), Math.sin(tilt) * Math.sin(turn), Math.cos(tilt)];
    vertices.push(...centre.map((v, c) => v + radius * out[c]), ...out, 0, 1);
    if (r) {
      const a = r * around + s, b = r * around + (s + 1) % around;
      faces.push(a, b, a - around, b, b - around, a - around);
    }
  }
  return {vertices: Float32Array.from(vertices), faces: Uint32Array.from(faces)};
}

// ---- the painter: the page's only WebGL context, so that any number of components fits ----

const VERTEX = `#version 300 es
in vec3 place; in vec3 normal; in float share; in float below;
uniform mat4 view; uniform float height;
out vec3 facing; out float level; out float above;
void main() {
  gl_Position = view * vec4(place.xy, place.z * height, 1.0);
  facing = normal; level = share; above = below;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 facing; in float level; in float above;
uniform int mode;  // 0 surface, 1 what is drawn on the floor, 2 one colour
uniform sampler2D colors; uniform vec3 towards; uniform vec3 lights[3]; uniform vec3 strengths;
uniform vec3 ink; uniform vec4 shade; uniform float thickness; uniform float levels;
out vec4 color;
vec3 lit(vec3 base) {
  vec3 n = normalize(facing);
  float ambient = 0.32;
  if (dot(n, towards) < 0.0) { n = -n; ambient = 0.5; }  // the outside of a rim, away from all lights
  float diffuse = 0.0, specular = 0.0;
  for (int k = 0; k < 3; k++) {
    diffuse += strengths[k] * max(0.0, dot(n, lights[k]));
    specular += strengths[k] * pow(max(0.0, dot(reflect(-lights[k], n), towards)), 20.0);
  }
  return base * (ambient + 0.72 * diffuse) + 0.08 * specular;
}
void main() {
  float t = level * levels;
  float line = abs(fract(t) - 0.5) / max(fwidth(t), 1e-6);
  float drawn = (1.0 - smoothstep(thickness - 0.5, thickness + 0.5, line)) * step(0.0, level);
  vec3 base = texture(colors, vec2(clamp(level, 0.0, 1.0) * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb;
  if (mode == 0) { color = vec4(mix(lit(base), ink, 0.85 * drawn), 1.0); return; }
  if (mode == 2) { color = vec4(lit(ink), 1.0); return; }
  float soft = clamp(0.5 - above / max(fwidth(above), 1e-9), 0.0, 1.0) * shade.a;
  vec3 lines = base * drawn;
  color = vec4(lines + shade.rgb * soft * (1.0 - drawn), drawn + soft * (1.0 - drawn));
}`;

class Painter {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.gl = this.canvas.getContext("webgl2", {antialias: true, preserveDrawingBuffer: true});
    this.redraw = [];
    if (!this.gl) return;
    this.canvas.addEventListener("webglcontextlost", event => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => { this.prepare(); this.redraw.forEach(draw => draw()); });
    this.prepare();
  }

  prepare() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    ["place", "normal", "share", "below"].forEach((name, k) => gl.bindAttribLocation(program, k, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program));
    }
    gl.useProgram(program);
    this.buffers = new WeakMap();
    this.textures = new Map();
    this.at = name => gl.getUniformLocation(program, name);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.DEPTH_TEST);
  }

  // The background stays transparent: axes and walls are drawn below by the panel's own canvas.
  begin(width, height, camera, colors) {
    const gl = this.gl;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.depthMask(true);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix4fv(this.at("view"), false, camera.matrix(width, height));
    gl.uniform3fv(this.at("towards"), camera.towards);
    const basis = [camera.right, camera.up, camera.towards];
    const directions = LIGHTS.map(l => unit([0, 1, 2].map(c => l[0] * basis[0][c] + l[1] * basis[1][c] + l[2] * basis[2][c])));
    gl.uniform3fv(this.at("lights"), directions.flat());
    gl.uniform3fv(this.at("strengths"), LIGHTS.map(l => l[3]));
    gl.uniform1f(this.at("levels"), LEVELS);
    this.texture(colors);
  }

  texture(colors) {
    const gl = this.gl;
    if (!this.textures.has(colors)) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, colors);
      for (const [key, value] of [["MIN_FILTER", gl.LINEAR], ["MAG_FILTER", gl.LINEAR], ["WRAP_S", gl.CLAMP_TO_EDGE], ["WRAP_T", gl.CLAMP_TO_EDGE]]) {
        gl.texParameteri(gl.TEXTURE_2D, gl["TEXTURE_" + key], value);
      }
      this.textures.set(colors, texture);
    }
    gl.bindTexture(gl.TEXTURE_2D, this.textures.get(colors));
  }

  mesh(mesh, mode, {ink = [0, 0, 0], shade = [0, 0, 0, 0], thickness = 0.6} = {}) {
    const gl = this.gl;
    if (!mesh.faces.length) return;
    let pair = this.buffers.get(mesh);
    if (!pair) {
      pair = [gl.createBuffer(), gl.createBuffer()];
      this.buffers.set(mesh, pair);
      gl.bindBuffer(gl.ARRAY_BUFFER, pair[0]);
      gl.bufferData(gl.ARRAY_BUFFER, mesh.vertices, gl.STATIC_DRAW);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, pair[1]);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.faces, gl.STATIC_DRAW);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, pair[0]);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, pair[1]);
    [3, 3, 1, 1].forEach((size, k) => {
      gl.enableVertexAttribArray(k);
      gl.vertexAttribPointer(k, size, gl.FLOAT, false, 4 * STRIDE, 4 * [0, 3, 6, 7][k]);
    });
    gl.uniform1i(this.at("mode"), mode);
    gl.uniform1f(this.at("height"), mode === 1 ? 0 : 1);
    gl.uniform3fv(this.at("ink"), ink);
    gl.uniform4fv(this.at("shade"), shade);
    gl.uniform1f(this.at("thickness"), thickness);
    gl.depthMask(mode !== 1);
    gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_INT, 0);
  }

  forget(mesh) {
    (this.buffers.get(mesh) || []).forEach(buffer => this.gl.deleteBuffer(buffer));
    this.buffers.delete(mesh);
  }
}

// ---- the camera: the same parallel projection as in the printed figure ----

class Camera {
  constructor(view, box, width, height) {
    const a = view.azimuth * Math.PI / 180, e = view.elevation * Math.PI / 180;
    this.towards = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
    this.right = [-Math.sin(a), Math.cos(a), 0];
    this.up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)];
    const reach = Math.hypot(box.half_x, box.half_y), pad = Math.min(58, 0.13 * width);
    const tall = 2 * reach * Math.sin(e) + box.top * Math.cos(e);
    this.pixels = view.zoom * Math.min((width - 2 * pad) / (2 * reach), (height - 72) / tall);
    this.middle = [0, 0, box.top / 2];
    this.centre = [width / 2 + view.x * width, height / 2 + 4 + view.y * width];
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

// ---- one panel ----

class Panel {
  constructor(component, element, data) {
    Object.assign(this, {component, element, data});
    this.canvas = element.querySelector("canvas");
    this.readout = element.querySelector("output");
    this.frames = data.frames.map(raw => {
      const x = doubles(raw.x), y = doubles(raw.y);
      return {
        ...raw, x, y, n: x.length, m: y.length, alpha: doubles(raw.alpha), beta: doubles(raw.beta),
        values: doubles(raw.values), below: raw.below ? doubles(raw.below) : null, meshes: new Map(),
      };
    });
    this.listen();
  }

  get frame() { return this.frames[Math.min(this.component.stop, this.frames.length - 1)]; }

  shares(frame = this.frame) {
    const scale = this.component.scale, key = "shares " + scale.name;
    if (!frame.meshes.has(key)) frame.meshes.set(key, heightsOf(frame, scale, this.component.data.box).share);
    return frame.meshes.get(key);
  }

  mesh() {
    const scale = this.component.scale.name, frame = this.frame;
    if (this.component.blend) return this.blended(this.component.blend);
    if (!frame.meshes.has(scale)) frame.meshes.set(scale, meshOf(frame, this.shares(), this.component.data.box));
    return frame.meshes.get(scale);
  }

  // Between two stops of the slider, while it moves; never a value that can be read.
  blended({from, share: t}) {
    const before = this.frames[Math.min(from, this.frames.length - 1)], after = this.frame;
    const mix = (a, b) => a.map((v, k) => v * (1 - t) + b[k] * t);
    if (this.passing) painter.forget(this.passing);
    if (before.n !== after.n || before.m !== after.m) return meshOf(after, this.shares(), this.component.data.box);
    const below = before.below && after.below ? mix(before.below, after.below) : null;
    const frame = {...after, x: mix(before.x, after.x), y: mix(before.y, after.y), below};
    this.passing = meshOf(frame, mix(this.shares(before), this.shares(after)), this.component.data.box);
    return this.passing;
  }

  world(mark) {  // the world points of a path or marker on the present scale, without those above the ceiling
    const {scale, data: {box}} = this.component, forward = FORWARD[scale.name];
    const low = forward(scale.low), high = forward(scale.high);
    return mark.map(([x, y, v]) => [x, y, box.bottom + (forward(v) - low) / (high - low) * (box.top - box.bottom)])
      .filter(p => Number.isFinite(p[2]) && p[2] <= box.top + 1e-9);
  }

  draw() {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight, density = Math.min(devicePixelRatio || 1, 3);
    if (!width || !height) return;
    const [w, h] = [Math.round(width * density), Math.round(height * density)];
    if (this.canvas.width !== w || this.canvas.height !== h) Object.assign(this.canvas, {width: w, height: h});
    const camera = new Camera(this.component.view, this.component.data.box, width, height);
    Object.assign(camera, {width, height});
    this.camera = camera;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    const look = this.component.look;
    const axes = new Axes(pen, this.component, camera, look);
    axes.walls();
    this.shade(camera, w, h, density, look);
    pen.drawImage(painter.canvas, 0, 0, w, h, 0, 0, width, height);
    axes.edges();
    this.point(pen, camera, look);
  }

  shade(camera, w, h, density, look) {
    const {data} = this.component, frame = this.frame, mesh = this.mesh();
    painter.begin(w, h, camera, this.component.colors);
    painter.mesh(mesh, 1, {shade: look.shade, thickness: 0.75 * density});
    painter.mesh(mesh, 0, {ink: look.contour, thickness: 0.45 * density});
    if (this.component.blend) return;
    const scale = this.component.scale.name, key = "marks " + scale;
    if (!frame.meshes.has(key)) {
      const path = this.world(frame.path || []), marker = this.world(frame.marker ? [frame.marker] : []);
      frame.meshes.set(key, [path.length > 1 ? tubeOf(path, 0.013) : null, marker.length ? ballOf(marker[0], 0.035) : null]);
    }
    const [path, marker] = frame.meshes.get(key);
    if (path) painter.mesh(path, 2, {ink: look.path});
    if (marker) painter.mesh(marker, 2, {ink: [1.3, 1.3, 1.3]});
  }

  // ---- reading ----

  pick(px, py) {  // the grid point nearest to what lies in front at this pixel, or nothing
    const {n, m, x, y} = this.frame, shares = this.shares(), {box} = this.component.data;
    const at = Array.from(shares, (s, k) => this.camera.project([x[Math.floor(k / m)], y[k % m], box.bottom + s * (box.top - box.bottom)]));
    let best = null, depth = -Infinity;
    eachTriangle(shares, n, m, triangle => {
      const [a, b, c] = triangle.map(k => at[k]);
      const area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
      const u = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / area;
      const v = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / area;
      if (!(u >= 0 && v >= 0 && u + v <= 1)) return;
      const weights = [1 - u - v, u, v], share = weights.reduce((sum, w, k) => sum + w * shares[triangle[k]], 0);
      const near = weights.reduce((sum, w, k) => sum + w * at[triangle[k]][2], 0);
      if (share > 1 + 1e-9 || near <= depth) return;
      depth = near;
      best = triangle[weights.indexOf(Math.max(...weights))];
    });
    return best === null ? null : [Math.floor(best / m), best % m];
  }

  nearest([alpha, beta]) {  // the index of the grid point nearest to coordinates that another panel shows
    const closest = (values, at) => values.reduce((best, v, k) => Math.abs(v - at) < Math.abs(values[best] - at) ? k : best, 0);
    return [closest(this.frame.alpha, alpha), closest(this.frame.beta, beta)];
  }

  point(pen, camera, look) {
    const {reading, blend, data} = this.component;
    if (!reading || blend) { this.say(""); return; }
    const [i, j] = this.nearest(reading), frame = this.frame, k = i * frame.m + j, value = frame.values[k];
    const {names, unit} = data, shown = Number.isFinite(value) ? minus(value) : value > 0 ? "diverged" : "not measured";
    this.say(`${names.alpha} ${minus(frame.alpha[i])}, ${names.beta} ${minus(frame.beta[j])}: ${names.metric} ${shown}${Number.isFinite(value) ? unit : ""}`);
    Object.assign(this.element.dataset, {row: i, column: j, value});
    const share = this.shares()[k], {box} = data;
    if (!Number.isFinite(share)) return;
    const top = box.bottom + Math.min(share, 1) * (box.top - box.bottom);
    const [fx, fy] = camera.project([frame.x[i], frame.y[j], 0]), [px, py] = camera.project([frame.x[i], frame.y[j], top]);
    pen.strokeStyle = look.ink;
    pen.lineWidth = 1;
    pen.setLineDash([3, 3]);
    stroke(pen, [[fx, fy], [px, py]]);
    pen.setLineDash([]);
    pen.beginPath();
    pen.arc(px, py, 5, 0, 2 * Math.PI);
    pen.fillStyle = share > 1 ? "transparent" : look.ground;
    pen.fill();
    pen.lineWidth = 2;
    pen.stroke();
  }

  say(text) {
    if (this.readout.textContent !== text) this.readout.textContent = text;
    if (!text) ["row", "column", "value"].forEach(name => delete this.element.dataset[name]);
  }

  listen() {
    const canvas = this.canvas, component = this.component, fingers = new Map();
    let apart = 0;
    const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
    canvas.addEventListener("pointerdown", event => {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.setPointerCapture(event.pointerId);
      if (fingers.size === 2) apart = spread();
    });
    canvas.addEventListener("pointermove", event => {
      const before = fingers.get(event.pointerId), here = this.inside(event);
      if (!before) { component.read(this, this.pick(...here)); return; }
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (fingers.size === 1) component.turn(-0.4 * (event.clientX - before[0]), 0.4 * (event.clientY - before[1]));
      if (fingers.size === 2) { const now = spread(); component.zoom(now / apart, here, canvas); apart = now; }
    });
    const lift = event => fingers.delete(event.pointerId);
    canvas.addEventListener("pointerup", event => { lift(event); component.read(this, this.pick(...this.inside(event))); });
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", event => { if (!fingers.size && event.pointerType === "mouse") component.read(this, null); });
    canvas.addEventListener("wheel", event => {  // a page that scrolls keeps its wheel until the picture has the focus
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (scrolls && !event.ctrlKey && !component.root.contains(document.activeElement)) return;
      event.preventDefault();
      component.zoom(Math.exp(-0.0015 * event.deltaY * (event.deltaMode ? 20 : 1)), this.inside(event), canvas);
    }, {passive: false});
    canvas.addEventListener("keydown", event => component.key(this, event));
  }

  inside(event) {
    const frame = this.canvas.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }
}

function stroke(pen, points) {
  pen.beginPath();
  points.forEach((p, k) => k ? pen.lineTo(p[0], p[1]) : pen.moveTo(p[0], p[1]));
  pen.stroke();
}

// ---- box, grid, ticks and names, as in the printed figure ----

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
    pen.fillText(pen.measureText(name).width > 1.4 * run ? name.split(" (")[0] : name, 0, 0);
    pen.restore();
  }
}

// ---- a component: linked panels with their controls ----

class Component {
  constructor(root) {
    this.root = root;
    this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    this.colors = bytes(this.data.colors);
    this.stop = this.data.stop;
    this.scale = this.data.scales[0];
    this.reading = this.blend = null;
    this.home();
    this.panels = [...root.querySelectorAll(".ls-panel")].map((element, k) => new Panel(this, element, this.data.panels[k]));
    this.controls();
    this.bar();
    this.restyle();
    new ResizeObserver(() => this.ask()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    addEventListener("beforeprint", () => { this.restyle(true); this.draw(); });
    addEventListener("afterprint", () => this.restyle());
    painter.redraw.push(() => this.ask());
    this.words();
  }

  home() { this.view = {azimuth: this.data.camera.azimuth, elevation: this.data.camera.elevation, zoom: 1, x: 0, y: 0}; }

  restyle(paper = false) {
    this.root.classList.toggle("ls-paper", paper);
    const style = getComputedStyle(this.root), color = name => style.getPropertyValue("--ls-" + name).trim();
    const parts = hex => [1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16) / 255);
    this.look = {
      ink: color("ink"), ground: color("ground"), wall: color("wall"), grid: color("grid"), font: style.fontFamily,
      size: innerWidth < 480 ? 11 : 12, path: parts(color("path")), contour: parts(color("contour")), shade: [...parts(color("shade")), 0.55],
    };
    this.ask();
  }

  controls() {
    const {root} = this, slider = root.querySelector("input[type=range]");
    root.querySelectorAll("input[type=radio]").forEach(radio => radio.addEventListener("change", () => {
      this.scale = this.data.scales.find(scale => scale.name === radio.value);
      this.bar();
      this.ask();
    }));
    root.querySelector(".ls-reset").addEventListener("click", () => { this.home(); this.ask(); });
    if (slider) slider.addEventListener("input", () => this.go(Number(slider.value)));
  }

  go(stop) {
    const from = this.stop, start = performance.now();
    this.stop = stop;
    this.words();
    const step = now => {
      const share = (now - start) / 350;
      this.blend = share < 1 && this.stop === stop ? {from, share: share * share * (3 - 2 * share)} : null;
      this.draw();
      if (this.blend) requestAnimationFrame(step);
    };
    if (MOTION.matches || from === stop) { this.blend = null; this.ask(); } else requestAnimationFrame(step);
  }

  words() {
    const slider = this.root.querySelector("input[type=range]");
    if (slider) {
      slider.setAttribute("aria-valuetext", this.data.stops[this.stop]);
      this.root.querySelector(".ls-stop").textContent = this.data.stops[this.stop];
      [...this.root.querySelectorAll("h3")].at(-1).textContent = this.data.headings[this.stop];  // the stack is the last panel
    }
    this.panels.forEach(panel => panel.element.querySelectorAll(".ls-notes").forEach((list, k) => {
      list.hidden = k !== Math.min(this.stop, panel.frames.length - 1);
    }));
  }

  bar() {
    const scale = this.root.querySelector(".ls-bar canvas"), marks = this.root.querySelector(".ls-ticks");
    Object.assign(scale, {width: 256, height: 1});
    const pen = scale.getContext("2d"), image = pen.createImageData(256, 1);
    for (let k = 0; k < 256; k++) image.data.set([...this.colors.slice(3 * k, 3 * k + 3), 255], 4 * k);
    pen.putImageData(image, 0, 0);
    marks.replaceChildren(...this.scale.ticks.map(tick => {
      const mark = document.createElement("span");
      mark.textContent = tick.label;
      mark.style.left = `${100 * tick.share}%`;
      return mark;
    }));
    this.root.querySelector(".ls-cut").textContent = this.scale.note;
  }

  turn(across, up) {
    this.view.azimuth = (this.view.azimuth + across + 540) % 360 - 180;
    this.view.elevation = Math.min(89, Math.max(5, this.view.elevation + up));
    this.ask();
  }

  zoom(factor, [px, py] = [0, 0], canvas = this.panels[0].canvas) {  // what lies under the pointer stays there
    const zoom = Math.min(12, Math.max(0.5, this.view.zoom * factor)), real = zoom / this.view.zoom;
    const width = canvas.clientWidth, away = [px / width - 0.5, (py - canvas.clientHeight / 2 - 4) / width];
    this.view.x = away[0] + (this.view.x - away[0]) * real;
    this.view.y = away[1] + (this.view.y - away[1]) * real;
    this.view.zoom = zoom;
    if (zoom <= 1) Object.assign(this.view, {x: 0, y: 0});
    this.ask();
  }

  read(panel, at) {
    const reading = at && [panel.frame.alpha[at[0]], panel.frame.beta[at[1]]];
    if (!reading && !this.reading) return;
    this.reading = reading;
    this.ask();
  }

  key(panel, event) {
    const arrow = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    const middle = [panel.canvas.clientWidth / 2, panel.canvas.clientHeight / 2 + 4];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow && event.shiftKey) this.step(panel, arrow);
    else if (arrow) this.turn(5 * arrow[0], 5 * arrow[1]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.2, middle);
    else if (event.key === "-") this.zoom(1 / 1.2, middle);
    else if (event.key === "0" || event.key === "Home") { this.home(); this.ask(); }
    else if (event.key === "Escape") this.read(panel, null);
    else return;
    event.preventDefault();
  }

  step(panel, [across, up]) {  // the reading point, by keyboard: left and right along alpha, up and down along beta
    const {frame} = panel, at = panel.nearest(this.reading || [frame.alpha[frame.n >> 1], frame.beta[frame.m >> 1]]);
    const inside = (k, last) => Math.min(last - 1, Math.max(0, k));
    this.read(panel, [inside(at[0] + across, frame.n), inside(at[1] + up, frame.m)]);
  }

  ask() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; this.draw(); });
  }

  draw() {
    Object.assign(this.root.dataset, {azimuth: this.view.azimuth, elevation: this.view.elevation, zoom: this.view.zoom, scale: this.scale.name, stop: this.stop});
    this.panels.forEach(panel => panel.draw());
    this.root.dataset.drawn = Number(this.root.dataset.drawn || 0) + 1;
  }
}

const painter = new Painter();
document.querySelectorAll(".ls-surface").forEach(root => {
  if (!painter.gl) { root.classList.add("ls-without"); return; }
  new Component(root);
});
})();
