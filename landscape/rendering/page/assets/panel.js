// One panel: what it shows, and how it is read.
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
    const camera = new Camera(this.component.view, this.component.data.camera, this.component.data.box, width, height);
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
