import { render } from "preact";
import "../styles/chat.css";
import { App } from "./App";
import { begin } from "./store";

render(<App />, document.getElementById("page")!);
begin();
