// Latent pads in pages without a kernel: what latent_pad.js draws is decoded here, by the layers that page_decoder.py wrote.
//
// A page holds <div class="pad-place" data-pad="NAME" data-script="…/pad.js" data-still="alternative text">. When the reader comes
// near, the script is loaded, which puts the pad's weights and points into window.vaeEduPads, and the pad takes the place of the picture.
// A script and no `fetch`, so that pages work from a local folder too. `latentPad` is what latent_pad.js exports.

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const float32 = (text) => new Float32Array(bytesOf(text).buffer);

function float16(text) {
  return Float32Array.from(new Uint16Array(bytesOf(text).buffer), (bits) => {
    const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  });
}

const ACTIVATIONS = { // by the names of torch.nn, with its settings
  ELU: ({ alpha }) => (x) => (x > 0 ? x : alpha * Math.expm1(x)),
  Hardtanh: ({ min_val, max_val }) => (x) => Math.min(Math.max(x, min_val), max_val),
  LeakyReLU: ({ negative_slope }) => (x) => (x > 0 ? x : negative_slope * x),
  ReLU: () => (x) => Math.max(x, 0),
  SiLU: () => (x) => x / (1 + Math.exp(-x)),
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Softplus: ({ beta, threshold }) => (x) => (beta * x > threshold ? x : Math.log1p(Math.exp(beta * x)) / beta),
  Tanh: () => Math.tanh,
};

function linear({ in: inputs, out: outputs, weight, bias }) {
  const weights = float16(weight), biases = float16(bias);
  return (x) => {
    const y = new Float32Array(outputs);
    for (let row = 0, at = 0; row < outputs; row++) {
      let sum = biases[row];
      for (let column = 0; column < inputs; column++) sum += weights[at++] * x[column];
      y[row] = sum;
    }
    return y;
  };
}

function network(layers) { // a function from numbers to numbers
  const steps = layers.map((layer) => {
    if (layer.kind === "Linear") return linear(layer);
    const activation = ACTIVATIONS[layer.kind](layer);
    return (x) => x.map(activation);
  });
  return (x) => steps.reduce((values, step) => step(values), Float32Array.from(x));
}

function nearest(told) { // a function from a place and its picture to words
  const { text, class_names: names, voters, threshold, verdicts } = told;
  const points = float32(told.points), labels = bytesOf(told.labels), values = float32(told.values);
  const features = told.features && network(told.features), n = labels.length, size = points.length / n;
  return (place, picture) => {
    const asked = features ? features(picture) : Float32Array.from(place);
    const near = []; // the nearest so far, [squared distance, number], the nearest first
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let axis = 0; axis < size; axis++) sum += (points[i * size + axis] - asked[axis]) ** 2;
      if (near.length < voters || sum < near.at(-1)[0]) {
        let at = near.length;
        while (at && sum < near[at - 1][0]) at--;
        near.splice(at, 0, [sum, i]);
        near.length = Math.min(near.length, voters);
      }
    }
    const distance = Math.sqrt(near[0][0]), first = near[0][1], counts = names.map(() => 0);
    for (const [, i] of near) counts[labels[i]]++;
    const votes = Math.max(...counts);
    const fields = {
      z1: Math.fround(place[0]), z2: Math.fround(place[1]), distance, threshold, votes, value: values[first],
      class_name: names[labels[first]], winner: names[counts.indexOf(votes)], verdict: verdicts[Number(distance > threshold)],
    };
    return text.replace(/\{\{|\}\}|\{(\w+)(?::\.(\d+)f)?\}/g, (whole, name, digits) => {
      if (!name) return whole[0];
      return digits === undefined ? String(fields[name]) : fields[name].toFixed(Number(digits));
    });
  };
}

// What latent_pad.js takes for the widget's model: it answers on the spot what a kernel answers in a notebook.
function modelInPage(pad) {
  const pictures = network(pad.decoder.pictures), spread = pad.decoder.spread && network(pad.decoder.spread);
  const says = nearest(pad.words), heard = {};
  const state = { ...pad.state, codes: new DataView(bytesOf(pad.state.codes).buffer), labels: new DataView(bytesOf(pad.state.labels).buffer) };
  const bytes = (values, scale) => Uint8ClampedArray.from(values, (value) => 255 * scale * value); // rounded
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => {},
    on: (event, hear) => { (heard[event] ||= new Set()).add(hear); },
    off: (event, hear) => heard[event]?.delete(hear),
    send({ kind, view, z }) {
      const made = z.map(pictures), message = { kind, view, n: z.length }, buffers = [];
      if (kind === "place") {
        message.says = says(z[0], made[0]);
        buffers.push(bytes(made[0], 1));
        if (spread) buffers.push(bytes(spread(z[0]), 2)); // the most that a pixel in [0, 1] has is 1/2
      } else {
        buffers.push(bytes(made.flatMap((each) => [...each]), 1));
      }
      heard["msg:custom"]?.forEach((hear) => hear(message, buffers));
    },
  };
}

function showPad(place, pad) {
  const still = [...document.querySelectorAll("article img")].filter((each) => each.alt === place.dataset.still).at(-1);
  const picture = still?.closest(".output, a, p"), advice = document.createElement("p"), el = document.createElement("div");
  advice.append(Object.assign(document.createElement("b"), { textContent: "Try this. " }), pad.try);
  place.append(advice, el);
  if (still) still.loading = "eager"; // it is on no screen any more, and wanted on paper
  picture?.before(place);
  picture?.classList.add("in-print"); // the pad is for the screen, and the picture for paper
  latentPad.render({ model: modelInPage(pad), el });
}

function loadPad(place) {
  const script = Object.assign(document.createElement("script"), { src: place.dataset.script });
  script.addEventListener("load", () => showPad(place, window.vaeEduPads[place.dataset.pad]));
  document.head.append(script);
}

addEventListener("DOMContentLoaded", () => {
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      loadPad(target);
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll("article .pad-place").forEach((each) => near.observe(each));
});
