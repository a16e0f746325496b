// The screens in a real Chromium, against the real binary, fed by a client nobody here wrote.
// One file for node's runner, so that one browser serves all topics.
import { run } from "./harness/stage.mjs";
import { access } from "./suites/access.mjs";
import { casework } from "./suites/casework.mjs";
import { city } from "./suites/city.mjs";
import { connect } from "./suites/connect.mjs";
import { heat } from "./suites/heat.mjs";
import { kiosk } from "./suites/kiosk.mjs";
import { language } from "./suites/language.mjs";
import { link } from "./suites/link.mjs";
import { map } from "./suites/map.mjs";
import { metric } from "./suites/metric.mjs";
import { opening } from "./suites/opening.mjs";
import { orders } from "./suites/orders.mjs";
import { people } from "./suites/people.mjs";
import { publishing } from "./suites/publishing.mjs";
import { quarantine } from "./suites/quarantine.mjs";
import { renewal } from "./suites/renewal.mjs";
import { scenes } from "./suites/scenes.mjs";
import { serving } from "./suites/serving.mjs";
import { truth } from "./suites/truth.mjs";
import { warnings } from "./suites/warnings.mjs";
import { weeks } from "./suites/weeks.mjs";

run("the screens in Chromium", () => {
  opening();
  serving();
  publishing();
  link();
  language();
  quarantine();
  connect();
  access();
  map();
  warnings();
  heat();
  truth();
  metric();
  weeks();
  kiosk();
  renewal();
  orders();
  people();
  casework();
  city();
  scenes();
});
