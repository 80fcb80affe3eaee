import { render } from "preact";
import "../styles/wall.css";
import { installDebug } from "../media/debug";
import { App } from "./App";
import { phone } from "./monitor";
import { begin } from "./store";

installDebug(phone);
render(<App />, document.getElementById("page")!);
void begin();
