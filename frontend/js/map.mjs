// The bridge to MapLibre GL JS: it opens the base map and passes on what happens. What is drawn
// and when is decided in Rust (src/map). The library is loaded when the first map opens.

const LIBRARY = new URL("../vendor/maplibre-gl/maplibre-gl.mjs", import.meta.url).href;
const LIBRARY_STYLE = new URL("../vendor/maplibre-gl/maplibre-gl.css", import.meta.url).href;
const ASSETS = "egret-assets";

/** Every map that is open. */
const opened = new Set();

/** Each open map's canvas, and what is on it as a data URL: only right after a frame it can be read. */
export function pictures() {
  const taken = [...opened].map(
    (map) =>
      new Promise((resolve) => {
        const canvas = map.getCanvas();
        map.once("render", () => resolve([canvas, canvas.toDataURL("image/jpeg", 0.9)]));
        map.triggerRepaint();
      }),
  );
  return Promise.all(taken);
}

function loadStyle() {
  if (document.querySelector(`link[href="${LIBRARY_STYLE}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = LIBRARY_STYLE;
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(LIBRARY_STYLE));
    });
    document.head.append(link);
  });
}

let failures = 0;

/** The library; after a failure by another address, for a browser may remember that one failed. */
async function loadLibrary() {
  try {
    return await import(failures === 0 ? LIBRARY : `${LIBRARY}?again=${failures}`);
  } catch (error) {
    failures += 1;
    throw error;
  }
}

function requireWebGl2() {
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) throw new Error("no WebGL2");
  context.getExtension("WEBGL_lose_context")?.loseContext();
}

/** A pattern of slanting lines. Its side is a power of two, so that it repeats without a seam. */
function hatch(colour, cellPx) {
  const side = 2 ** Math.max(3, Math.round(Math.log2(12 * cellPx * devicePixelRatio)));
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = side / 5;
  pen.lineCap = "square";
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift, side);
    pen.lineTo(shift + side, 0);
  }
  pen.stroke();
  return pen.getImageData(0, 0, side, side);
}

/**
 * Opens a base map in `container`. `hatches` are the colours of its patterns by name, and `cellPx`
 * is the style's unit.
 * `moved(lon, lat, zoom, width, height, byHand)` is called whenever the view changes,
 * `added(gl)` when the asset layer gets a context (again, after one was lost), `draw()` when it is
 * to draw, and `themed()` when the document has other colours.
 */
export async function open(
  container, style, hatches, cellPx, lon, lat, zoom, moved, added, draw, themed,
) {
  requireWebGl2();
  const [library] = await Promise.all([loadLibrary(), loadStyle()]);
  const map = new library.Map({
    container,
    style: JSON.parse(style),
    center: [lon, lat],
    zoom,
    minZoom: 7,
    maxZoom: 16,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    renderWorldCopies: false,
    fadeDuration: 0,
    // Edges are smoothed where they are drawn. Samples of each pixel would cost the many small
    // marks three times as long, and a wall of 4K 130 MB of graphics memory.
    canvasContextAttributes: { antialias: false },
  });
  opened.add(map);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();

  let patterns = JSON.parse(hatches);
  // What was asked for: told again when a style comes back, and when one was not there yet.
  const states = new Map();
  const asked = new Map();
  let isReady = false;
  const tell = (event) => {
    const { lng, lat: latitude } = map.getCenter();
    const { clientWidth, clientHeight } = map.getContainer();
    moved(lng, latitude, map.getZoom(), clientWidth, clientHeight, Boolean(event?.originalEvent));
  };
  const setState = ({ source, id, key, value }) => {
    if (map.getSource(source)) map.setFeatureState({ source, id }, { [key]: value });
  };
  const draws = () => {
    for (const [name, colour] of Object.entries(patterns)) {
      const image = hatch(colour, cellPx);
      if (map.hasImage(name)) map.updateImage(name, image);
      else map.addImage(name, image, { pixelRatio: devicePixelRatio });
    }
  };
  const ask = (name, how) => {
    asked.set(name, how);
    if (isReady) how();
  };
  // After a lost context the style comes back without our layer and without its states.
  map.on("style.load", () => {
    if (!map.getLayer(ASSETS)) {
      map.addLayer({
        id: ASSETS,
        type: "custom",
        renderingMode: "2d",
        onAdd: (_map, gl) => added(gl),
        render: () => draw(),
      });
    }
    isReady = true;
    draws();
    for (const how of asked.values()) how();
    for (const state of states.values()) setState(state);
    tell();
  });
  map.on("webglcontextlost", () => { isReady = false; });
  map.on("move", tell);
  map.on("resize", tell);
  map.on("error", ({ error }) => console.warn("map:", error?.message ?? error));
  const theme = new MutationObserver(() => themed());
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });

  return {
    setState(source, id, key, value) {
      const state = { source, id, key, value };
      states.set(`${source} ${id} ${key}`, state);
      if (isReady) setState(state);
    },
    setFilter(layer, filter) {
      ask(`filter ${layer}`, () => map.getLayer(layer) && map.setFilter(layer, JSON.parse(filter)));
    },
    setData(source, geojson) {
      ask(`data ${source}`, () => map.getSource(source)?.setData(JSON.parse(geojson)));
    },
    /** What lies under a place, on top first: the property `key` of the features of these layers. */
    under(layers, key, x, y) {
      const there = JSON.parse(layers).filter((layer) => map.getLayer(layer));
      const found = isReady ? map.queryRenderedFeatures([x, y], { layers: there }) : [];
      return [...new Set(found.map((feature) => String(feature.properties[key])))];
    },
    setVisible(layer, isVisible) {
      const visibility = isVisible ? "visible" : "none";
      ask(`visible ${layer}`, () => {
        if (map.getLayer(layer)) map.setLayoutProperty(layer, "visibility", visibility);
      });
    },
    repaintWith(other, otherHatches) {
      patterns = JSON.parse(otherHatches);
      const { layers } = JSON.parse(other);
      ask("paints", () => {
        draws();
        for (const { id, paint } of layers.filter((layer) => map.getLayer(layer.id))) {
          for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name, value);
        }
        map.triggerRepaint();
      });
    },
    jump: (toLon, toLat, toZoom) => map.jumpTo({ center: [toLon, toLat], zoom: toZoom }),
    fly: (toLon, toLat, toZoom) => map.flyTo({ center: [toLon, toLat], zoom: toZoom, speed: 1.6 }),
    repaint: () => map.triggerRepaint(),
    label: (text) => map.getCanvas().setAttribute("aria-label", text),
    close: () => {
      opened.delete(map);
      theme.disconnect();
      map.remove();
    },
  };
}
