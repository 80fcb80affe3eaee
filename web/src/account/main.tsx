import { render } from "preact";
import "../styles/base.css";
import "../styles/account.css";
import { App } from "./App";
import { begin } from "./store";

render(<App />, document.getElementById("page")!);
void begin();
