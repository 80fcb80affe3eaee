import { render } from "preact";
import { installDebug } from "../media/debug";
import "../styles/call.css";
import { App } from "./App";
import { phone } from "./store";

installDebug(phone);
render(<App />, document.getElementById("page")!);
