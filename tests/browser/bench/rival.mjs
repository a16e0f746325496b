// The same map with the library's own means: a page with MapLibre from the same site that follows
// the same tiles as JSON and hands all assets to `setData`.

/**
 * Runs in the page. Opens the map over `box` in `size`, follows `tiles`, asks for a frame every
 * `everyMs`. With no tiles it is the empty map.
 *
 * It is written as a careful author would: features are kept and changed in place, and `setData` is
 * called again only when the last call is in the picture, with all that has come meanwhile. Where
 * the server counts in cells, a cell is a feature.
 */
export async function openRival({ box, size, tiles, everyMs }) {
  const library = await import("/vendor/maplibre-gl/maplibre-gl.mjs");
  const updates = window.benchUpdates;
  updates.byUpload = false;
  updates.own = { parseMs: 0, setDataMs: 0, setDataCalls: 0 };
  const style = document.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: "/vendor/maplibre-gl/maplibre-gl.css" });
  document.head.append(style);
  const container = document.createElement("div");
  document.body.replaceChildren(container);
  container.style.width = `${size.width}px`;
  container.style.height = `${size.height}px`;
  const [west, south, east, north] = box;
  const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  const land = { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
  const collection = { type: "FeatureCollection", features: [] };
  const level = ["match", ["get", "level"]];
  const map = new library.Map({
    container,
    style: {
      version: 8,
      sources: {
        land: { type: "geojson", data: land },
        assets: { type: "geojson", data: collection, maxzoom: 16, tolerance: 0, buffer: 16 },
      },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": "#0b1520" } },
        { id: "land", type: "fill", source: "land", paint: { "fill-color": "#162433" } },
        {
          id: "assets",
          type: "circle",
          source: "assets",
          paint: {
            "circle-radius": ["case", ["==", ["get", "level"], "normal"], 1.8, 8],
            "circle-color": [...level, "blue", "#4da3ff", "yellow", "#ffd23f", "orange", "#ff8c1a",
              "red", "#ff4d4f", "#7fd1ae"],
            "circle-opacity": ["case", ["get", "stale"], 0.5, 0.9],
          },
        },
      ],
    },
    bounds: box,
    fitBoundsOptions: { padding: Math.round(0.05 * size.height) },
    attributionControl: false,
    renderWorldCopies: false,
    fadeDuration: 0,
    canvasContextAttributes: { antialias: false },
  });
  await new Promise((resolve) => map.once("load", resolve));
  if (tiles.length === 0) {
    // The wall draws as often, for what moves on it.
    setInterval(() => map.triggerRepaint(), 100);
    return 0;
  }

  const source = map.getSource("assets");
  const known = new Map();
  const put = ({ handle, spot }) => {
    let feature = known.get(handle);
    if (!feature) {
      feature = { type: "Feature", id: handle, properties: {}, geometry: { type: "Point" } };
      known.set(handle, feature);
    }
    feature.geometry.coordinates = spot.position;
    feature.properties.level = spot.level;
    feature.properties.stale = spot.stale;
  };
  const putCell = (channel, { cell, level, stale, count }) => {
    const [z, x, y] = channel.split("/").slice(1).map(Number);
    const n = 2 ** (z + 5);
    const lon = ((x * 32 + (cell % 32) + 0.5) / n) * 360 - 180;
    const row = Math.PI * (1 - (2 * (y * 32 + Math.floor(cell / 32) + 0.5)) / n);
    const lat = (Math.atan(Math.sinh(row)) * 180) / Math.PI;
    const geometry = { type: "Point", coordinates: [lon, lat] };
    const properties = { level, stale: stale === count, count };
    known.set(`${channel}/${cell}`, { type: "Feature", properties, geometry });
  };
  /** When the newest of what is on its way to the picture had come; null if nothing is. */
  let underWay = null;
  let newest = null;
  const hand = () => {
    underWay = newest;
    newest = null;
    const began = performance.now();
    collection.features = [...known.values()];
    source.setData(collection);
    updates.own.setDataMs += performance.now() - began;
    updates.own.setDataCalls += 1;
  };
  map.on("render", () => {
    if (underWay === null || !map.isSourceLoaded("assets")) return;
    updates.shown(underWay);
    underWay = null;
    if (newest !== null) hand();
  });

  const snapshots = new Set();
  const socket = new WebSocket(`ws://${location.host}/ws?encoding=json`);
  await new Promise((resolve, reject) => {
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "pace", every_ms: everyMs }));
      socket.send(JSON.stringify({ type: "subscribe", channels: tiles }));
    };
    socket.onerror = reject;
    const takeFrame = (data) => {
      const began = performance.now();
      const message = JSON.parse(data);
      updates.own.parseMs += performance.now() - began;
      if (message.type === "snapshot") {
        (message.state.tile.assets ?? []).forEach(put);
        (message.state.tile.cells ?? []).forEach((cell) => putCell(message.channel, cell));
        snapshots.add(message.channel);
        if (snapshots.size === tiles.length) resolve();
      } else if (message.type === "delta") {
        const { enter = [], update = [], leave = [], cells } = message.changes.tile;
        cells?.put.forEach((cell) => putCell(message.channel, cell));
        cells?.gone.forEach((cell) => known.delete(`${message.channel}/${cell}`));
        enter.forEach(put);
        update.forEach(([handle, spot]) => known.has(handle) && put({ handle, spot }));
        leave.forEach((handle) => known.delete(handle));
      } else return;
      newest = performance.now();
      if (underWay === null) hand();
    };
    socket.onmessage = (event) => takeFrame(event.data);
  });
  return known.size;
}
