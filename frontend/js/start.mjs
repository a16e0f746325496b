// Starts every screen. A file of its own, because the page's policy allows no inline script.
import init from "../egret.js";
import { start } from "./starting.mjs";

start(init);
