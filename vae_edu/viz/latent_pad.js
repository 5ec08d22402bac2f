// The front end of latent_pad.py: a plane of codes to drag a point in, and what the decoder makes of it.
//
// To the kernel goes {kind: "place" | "trail", view, z: [[z1, z2], …]}; back comes {kind, view, n, says} or {…, error}, with
// the pictures' pixels as bytes, 0 for white: n means and, where the decoder states them, n standard deviations. Few questions
// are under way at once, and the next is always about the newest place: a slow kernel makes the picture late, never the hand.

const PLANE = 380, PICTURE = 150, FRAME = 52; // sizes on the page, in CSS pixels
const FRAMES = 8; // pictures along a trail
const AT_ONCE = 2; // questions of a kind: while one is answered, the next is on its way
const SILENCE = 5000; // milliseconds after which a kernel that does not answer is given up
const HELD = "#D55E00";

function element(tag, properties = {}, ...children) {
  const { style, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  for (const name of Object.keys(rest)) if (name.startsWith("aria-") || name === "role") made.setAttribute(name, rest[name]);
  Object.assign(made.style, style);
  made.append(...children);
  return made;
}

function sharpCanvas(width, height) {
  const canvas = element("canvas"), scale = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  Object.assign(canvas.style, { width: `${width}px`, aspectRatio: `${width} / ${height}` });
  canvas.getContext("2d").scale(scale, scale);
  return canvas;
}

function paint(canvas, bytes, [height, width]) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    image.data.fill(255 - bytes[pixel], 4 * pixel, 4 * pixel + 3);
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function along(trail, count) { // so many places from the first point of the trail to the last, evenly by length
  const pieces = trail.slice(1).map((end, i) => Math.hypot(end[0] - trail[i][0], end[1] - trail[i][1]));
  const whole = pieces.reduce((sum, each) => sum + each, 0);
  return Array.from({ length: count }, (_, i) => {
    let left = (whole * i) / (count - 1), at = 0;
    while (at < pieces.length - 1 && left > pieces[at]) left -= pieces[at++];
    const share = pieces[at] ? Math.min(left / pieces[at], 1) : 0;
    return [0, 1].map((axis) => trail[at][axis] + share * (trail[at + 1][axis] - trail[at][axis]));
  });
}

function scatter(model, toPage) { // drawn once: the test images' codes, their classes' names, the axes
  const canvas = sharpCanvas(PLANE, PLANE), context = canvas.getContext("2d");
  const bytes = model.get("codes"), labels = model.get("labels");
  const codes = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const colours = model.get("colours"), reach = model.get("reach");
  context.fillStyle = "white";
  context.fillRect(0, 0, PLANE, PLANE);
  context.font = "11px sans-serif";
  context.strokeStyle = "#E4E4E4";
  context.fillStyle = "#444444";
  const step = [0.5, 1, 2, 5, 10, 20].find((each) => reach / each <= 4) || reach / 4;
  for (let value = -Math.floor(reach / step) * step; value <= reach; value += step) {
    const [across, down] = toPage([value, value]);
    context.beginPath();
    context.moveTo(across, 0); context.lineTo(across, PLANE);
    context.moveTo(0, down); context.lineTo(PLANE, down);
    context.stroke();
    if (Math.abs(value) > 0.97 * reach) continue; // cut in half by the edge
    context.textAlign = "center";
    context.fillText(String(value), across, PLANE - 4);
    context.textAlign = "left";
    if (value && down > 26) context.fillText(String(value), 3, down + 4); // above, the axis has its name
  }
  const [first, second] = model.get("axes");
  context.fillText(`${second} ↑`, 3, 12);
  context.textAlign = "right";
  context.fillText(`${first} →`, PLANE - 4, PLANE - 18);
  context.globalAlpha = 0.6;
  for (let i = 0; i < labels.byteLength; i++) {
    const [across, down] = toPage([codes[2 * i], codes[2 * i + 1]]);
    context.fillStyle = colours[labels.getUint8(i)];
    context.fillRect(across - 1.2, down - 1.2, 2.4, 2.4);
  }
  context.globalAlpha = 1;
  context.font = "bold 11px sans-serif";
  context.textAlign = "center";
  context.lineWidth = 3;
  context.strokeStyle = "white";
  context.fillStyle = "black";
  for (const [name, ...place] of model.get("names")) {
    const [across, down] = toPage(place);
    context.strokeText(name, across, down + 4);
    context.fillText(name, across, down + 4);
  }
  return canvas;
}

function render({ model, el }) {
  const reach = model.get("reach"), size = model.get("size"), [first, second] = model.get("axes");
  const toPage = ([z1, z2]) => [((z1 + reach) / (2 * reach)) * PLANE, ((reach - z2) / (2 * reach)) * PLANE];
  const kept = (z) => z.map((each) => Math.max(-reach, Math.min(reach, each)));
  const view = Math.random().toString(36).slice(2); // a pad may be shown twice: each hears its own answers
  let z = [...model.get("z")], trail = model.get("trail").map((each) => [...each]);

  const plane = sharpCanvas(PLANE, PLANE), background = scatter(model, toPage);
  const help = element("div", {
    className: "latent-pad-help", id: `latent-pad-${view}`,
    textContent: "Drag the point, or click into the plane and use the arrow keys (with Shift: five times as far). "
      + "Enter drops a point of a trail, Escape clears the trail.",
  });
  const pad = element("div", {
    className: "latent-pad-plane", tabIndex: 0, role: "application", "aria-roledescription": "latent pad",
    "aria-label": `Plane of codes, ${first} across and ${second} upwards`, "aria-describedby": help.id,
  }, plane);
  const mean = element("canvas", { className: "latent-pad-picture", role: "img", "aria-label": "decoded picture" });
  const spread = element("canvas", {
    className: "latent-pad-picture", role: "img", "aria-label": "standard deviation of each pixel",
  });
  for (const canvas of [mean, spread]) Object.assign(canvas.style, { width: `${PICTURE}px`, aspectRatio: `${size[1]} / ${size[0]}` });
  const captions = [element("figure", {}, mean, element("figcaption", { textContent: "what the decoder outputs" }))];
  if (model.get("states_spread")) {
    captions.push(element("figure", {}, spread, element("figcaption", { textContent: "how unsure it is of each pixel" })));
  }
  const says = element("div", { className: "latent-pad-says" });
  const spoken = element("div", { className: "latent-pad-spoken", role: "status", "aria-live": "polite" });
  const drop = element("button", { type: "button", textContent: "Drop a point" });
  const clear = element("button", { type: "button", textContent: "Clear the trail" });
  const film = element("div", { className: "latent-pad-film", role: "img" });
  const frames = Array.from({ length: FRAMES }, () => element("canvas"));
  for (const canvas of frames) Object.assign(canvas.style, { width: `${FRAME}px`, aspectRatio: `${size[1]} / ${size[0]}` });
  film.append(...frames);
  const side = element("div", { className: "latent-pad-side" }, element("div", { className: "latent-pad-pictures" }, ...captions),
    says, element("div", {}, drop, clear), film);
  el.classList.add("latent-pad");
  el.append(element("div", { className: "latent-pad-row" }, pad, side), help, spoken);
  el.dataset.updates = "0";

  const asked = { place: [], trail: [] }, waiting = {}, timers = {}; // asked: when, of the questions under way
  function ask(kind, places) {
    if (asked[kind].length === AT_ONCE) {
      waiting[kind] = places;
      return;
    }
    delete waiting[kind];
    asked[kind].push(performance.now());
    listen(kind);
    model.send({ kind, view, z: places });
  }
  function listen(kind) {
    clearTimeout(timers[kind]);
    timers[kind] = setTimeout(() => {
      asked[kind] = [];
      says.textContent = "The kernel does not answer. If it is busy, wait; if it was stopped, run the cell again.";
    }, SILENCE);
  }
  function answered(message, buffers) {
    const { kind, n, says: words, error } = message;
    if (message.view !== view) return;
    if (asked[kind].length) el.dataset.milliseconds = String(performance.now() - asked[kind].shift()); // else it was given up
    if (asked[kind].length) listen(kind);
    else clearTimeout(timers[kind]);
    if (error !== undefined) {
      says.textContent = error;
      says.classList.add("latent-pad-error");
    } else {
      const pictures = buffers.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength));
      const pixels = size[0] * size[1], one = (bytes, i) => bytes.subarray(i * pixels, (i + 1) * pixels);
      if (kind === "place") {
        paint(mean, pictures[0], size);
        if (pictures.length > 1) paint(spread, pictures[1], size);
        says.classList.remove("latent-pad-error");
        says.textContent = words;
        clearTimeout(timers.speech);
        timers.speech = setTimeout(() => { spoken.textContent = words; }, 400); // said once the hand rests
        el.dataset.updates = String(Number(el.dataset.updates) + 1);
      } else {
        for (let i = 0; i < n; i++) paint(frames[i], one(pictures[0], i), size);
        film.setAttribute("aria-label", `${n} pictures along the trail of ${trail.length} points`);
        film.style.visibility = trail.length > 1 ? "visible" : "hidden";
      }
    }
    if (waiting[kind]) ask(kind, waiting[kind]);
  }

  function draw() {
    const context = plane.getContext("2d");
    context.drawImage(background, 0, 0, PLANE, PLANE);
    context.strokeStyle = "black";
    context.lineWidth = 1.5;
    context.beginPath();
    trail.forEach((each, i) => context[i ? "lineTo" : "moveTo"](...toPage(each)));
    context.stroke();
    for (const each of trail) {
      context.beginPath();
      context.arc(...toPage(each), 4, 0, 2 * Math.PI);
      context.fillStyle = "white";
      context.fill();
      context.stroke();
    }
    context.beginPath();
    context.arc(...toPage(z), 7, 0, 2 * Math.PI);
    context.fillStyle = HELD;
    context.fill();
    context.strokeStyle = "white";
    context.lineWidth = 2;
    context.stroke();
  }
  function keep() { // for Python: pad.z and pad.trail
    model.set("z", z);
    model.set("trail", trail);
    model.save_changes();
  }
  function move(place) {
    z = kept(place);
    draw();
    ask("place", [z]);
  }
  function setTrail(points) {
    trail = points;
    draw();
    keep();
    film.style.visibility = "hidden";
    if (trail.length > 1) ask("trail", along(trail, FRAMES));
  }

  const fromPage = (event) => {
    const box = plane.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 2 * reach - reach, reach - ((event.clientY - box.top) / box.height) * 2 * reach];
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pad.focus();
    move(fromPage(event));
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => { if (pad.hasPointerCapture(event.pointerId)) move(fromPage(event)); });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, keep);
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (steps[event.key]) {
      const far = (reach / 50) * (event.shiftKey ? 5 : 1);
      move(z.map((each, axis) => each + far * steps[event.key][axis]));
      keep();
    } else if (event.key === "Enter") {
      setTrail([...trail, z]);
    } else if (event.key === "Escape") {
      setTrail([]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has its own ideas about these keys
  });
  drop.addEventListener("click", () => setTrail([...trail, z]));
  clear.addEventListener("click", () => setTrail([]));
  model.on("msg:custom", answered);
  model.on("change:z", () => { // set from Python
    const now = model.get("z");
    if (now.some((each, axis) => each !== z[axis])) move([...now]);
  });

  film.style.visibility = "hidden";
  draw();
  ask("place", [z]);
  if (trail.length > 1) ask("trail", along(trail, FRAMES));
  return () => { // the view is closed
    model.off("msg:custom", answered);
    Object.values(timers).forEach(clearTimeout);
  };
}

export default { render };
