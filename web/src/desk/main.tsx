import { render } from "preact";
import { installDebug } from "../media/debug";
import "../styles/desk.css";
import { App } from "./App";
import { begin, phone } from "./store";

installDebug(phone);
render(<App />, document.getElementById("page")!);
void begin();
