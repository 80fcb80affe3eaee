import { render } from "preact";
import "../styles/start.css";
import { App } from "./App";

render(<App />, document.getElementById("page")!);
