// Makes a chosen picture ready to be enrolled: upright as the camera meant it, no larger than needed, without the
// place and time that telephones write into their files.

const LONGEST_PX = 1600;
const JPEG_QUALITY = 0.93;

export interface ReadyPicture {
  name: string;
  /** `data:image/jpeg;base64,…`, to be shown. */
  url: string;
  /** The same without its head, to be sent. */
  base64: string;
}

/** The size at which a picture is sent. Pure. */
export function fitSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Rejects when the browser cannot read the file as a picture. */
export async function readyPicture(file: File): Promise<ReadyPicture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const { width, height } = fitSize(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const url = canvas.toDataURL("image/jpeg", JPEG_QUALITY);
  return { name: file.name, url, base64: url.slice(url.indexOf(",") + 1) };
}
