/** Starts the page. */
import { render } from "preact";
import { startLink } from "./model/link.ts";
import { startClock } from "./model/view.ts";
import { App } from "./parts/app.tsx";

const place = document.getElementById("app");
if (place !== null) render(<App />, place);
startClock();
startLink();
