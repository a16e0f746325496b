// The bridge to MapLibre GL JS: it opens the base map and passes on what happens. What is drawn
// and when is decided in Rust (src/map). The library is loaded when the first map opens.

const LIBRARY = new URL("../vendor/maplibre-gl/maplibre-gl.mjs", import.meta.url).href;
const LIBRARY_STYLE = new URL("../vendor/maplibre-gl/maplibre-gl.css", import.meta.url).href;
const ASSETS = "egret-assets";
const AREAS = "areas";

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

/**
 * Opens a base map in `container`.
 * `moved(lon, lat, zoom, width, height, byHand)` is called whenever the view changes,
 * `added(gl)` when the asset layer gets a context (again, after one was lost), and `draw()`
 * when it is to draw.
 */
export async function open(container, style, lon, lat, zoom, moved, added, draw) {
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
    canvasContextAttributes: { antialias: true },
  });
  opened.add(map);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();

  const shares = new Map();
  const tell = (event) => {
    const { lng, lat: latitude } = map.getCenter();
    const { clientWidth, clientHeight } = map.getContainer();
    moved(lng, latitude, map.getZoom(), clientWidth, clientHeight, Boolean(event?.originalEvent));
  };
  const setShare = (code, share) => {
    if (map.getSource(AREAS)) map.setFeatureState({ source: AREAS, id: code }, { share });
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
    for (const [code, share] of shares) setShare(code, share);
    tell();
  });
  map.on("move", tell);
  map.on("resize", tell);
  map.on("error", ({ error }) => console.warn("map:", error?.message ?? error));

  return {
    setShare(code, share) {
      shares.set(code, share);
      setShare(code, share);
    },
    jump: (toLon, toLat, toZoom) => map.jumpTo({ center: [toLon, toLat], zoom: toZoom }),
    fly: (toLon, toLat, toZoom) => map.flyTo({ center: [toLon, toLat], zoom: toZoom, speed: 1.6 }),
    repaint: () => map.triggerRepaint(),
    label: (text) => map.getCanvas().setAttribute("aria-label", text),
    close: () => {
      opened.delete(map);
      map.remove();
    },
  };
}
