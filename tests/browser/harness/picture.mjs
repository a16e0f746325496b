// What is in a picture, in figures. The browser decodes it, on a page of its own.

/** Opens a page that no policy binds, and runs `work` there with pictures as base64. */
async function onBlankPage(browser, work, pictures, argument) {
  const page = await browser.newPage();
  try {
    return await page.evaluate(work, {
      pictures: pictures.map((picture) => picture.toString("base64")),
      argument,
    });
  } finally {
    await page.close();
  }
}

/**
 * Of a PNG: the mean of its brightness and the deviation from it, 0 to 255, and how many colours
 * of 4 bits a channel it has. A blank picture deviates by 0.
 */
export async function statistics(browser, picture) {
  const [only] = await statisticsOf(browser, [picture]);
  return only;
}

/** The same of each of many. */
export function statisticsOf(browser, pictures) {
  return onBlankPage(browser, measure, pictures);
}

/** The share of pixels, 0 to 1, that differ visibly between two PNGs of one size. */
export function difference(browser, one, other) {
  const least = 10;
  return onBlankPage(browser, compare, [one, other], least);
}

/** The colours of a PNG at some places, each as `[red, green, blue]`. A place is told in shares of the
 *  picture's width and height, from its top left. */
export function coloursAt(browser, picture, places) {
  return onBlankPage(browser, pick, [picture], places);
}

/** Runs in the page. */
async function measure({ pictures }) {
  const measureOne = async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const paint = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    paint.drawImage(bitmap, 0, 0);
    const { data } = paint.getImageData(0, 0, bitmap.width, bitmap.height);
    const colours = new Set();
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < data.length; i += 4) {
      const brightness = (data[i] + data[i + 1] + data[i + 2]) / 3;
      sum += brightness;
      squares += brightness * brightness;
      colours.add(((data[i] >> 4) << 8) | ((data[i + 1] >> 4) << 4) | (data[i + 2] >> 4));
    }
    const n = data.length / 4;
    const mean = sum / n;
    return { mean, deviation: Math.sqrt(squares / n - mean * mean), colours: colours.size };
  };
  const measured = [];
  for (const picture of pictures) measured.push(await measureOne(picture));
  return measured;
}

/** Runs in the page. */
async function compare({ pictures, argument }) {
  const decode = async (text) => {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const paint = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    paint.drawImage(bitmap, 0, 0);
    return paint.getImageData(0, 0, bitmap.width, bitmap.height).data;
  };
  const [one, other] = await Promise.all(pictures.map(decode));
  if (one.length !== other.length) return 1;
  let n = 0;
  for (let i = 0; i < one.length; i += 4) {
    const far = (channel) => Math.abs(one[i + channel] - other[i + channel]) > argument;
    if (far(0) || far(1) || far(2)) n += 1;
  }
  return (4 * n) / one.length;
}

/** Runs in the page. */
async function pick({ pictures, argument }) {
  const bytes = Uint8Array.from(atob(pictures[0]), (char) => char.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const { width, height } = bitmap;
  const paint = new OffscreenCanvas(width, height).getContext("2d");
  paint.drawImage(bitmap, 0, 0);
  return argument.map(([x, y]) => {
    const { data } = paint.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1);
    return [...data.slice(0, 3)];
  });
}
