import { render } from "preact";
import "../styles/quality.css";
import { App } from "./App";
import { begin } from "./store";

render(<App />, document.getElementById("page")!);
void begin();
