// What is drawn: the surface between grid points is two triangles a square, cut exactly at the ceiling.
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
