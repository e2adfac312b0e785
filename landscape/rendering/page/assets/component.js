// A component: linked panels with their controls.
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
    const width = canvas.clientWidth, away = [px / width - 0.5, (py - middleOf(canvas.clientHeight)) / width];
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
    const middle = [panel.canvas.clientWidth / 2, middleOf(panel.canvas.clientHeight)];
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
