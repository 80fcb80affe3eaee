import { render } from "preact";
import { installDebug } from "../media/debug";
import "../styles/desk.css";
import "../styles/desk-call.css";
import { App } from "./App";
import "./judged";
import { begin, microphone, phone } from "./store";

installDebug(phone, microphone);
render(<App />, document.getElementById("page")!);
void begin();
