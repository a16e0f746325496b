// Starts the wall alone.
import init from "../egret-wall.js";
import { start } from "./starting.mjs";

start(init);
