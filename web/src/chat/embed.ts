/**
 * Puts the chat into another site's page: a button at the corner, and the chat in a frame above it.
 *
 *   <script src="https://hotline.example.org/chat.js" data-language="zh" defer></script>
 */
const WORDS = {
  zh: { open: "在线客服", shut: "关闭聊天" },
  en: { open: "Chat", shut: "Close the chat" },
};

const script = document.currentScript as HTMLScriptElement | null;
const source = script?.src ?? "";
if (source !== "") put(new URL(source).origin, script?.dataset["language"] ?? document.documentElement.lang);

function put(origin: string, asked: string): void {
  const language = asked.toLowerCase().startsWith("zh") ? "zh" : "en";
  const words = WORDS[language];
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { position: fixed; inset: auto 16px 16px auto; z-index: 2147483000; font: 600 15px system-ui, sans-serif; }
    button { float: right; min-height: 44px; padding: 0 18px; border: 0; border-radius: 22px; background: #2456c8; color: #fff;
      font: inherit; cursor: pointer; box-shadow: 0 2px 8px rgb(0 0 0 / 25%); }
    button:focus-visible { outline: 3px solid #84adff; outline-offset: 2px; }
    iframe { display: block; width: min(380px, calc(100vw - 32px)); height: min(560px, calc(100dvh - 92px)); margin-bottom: 12px;
      border: 1px solid #878f9a; border-radius: 8px; background: #fff; }
    iframe[hidden] { display: none; }`);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  button.type = "button";
  let frame: HTMLIFrameElement | null = null;
  const tell = (open: boolean): void => {
    button.textContent = open ? words.shut : words.open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.onclick = () => {
    if (frame === null) {
      frame = document.createElement("iframe");
      frame.title = words.open;
      frame.src = `${origin}/chat?lang=${language}`;
      root.insertBefore(frame, button);
    } else {
      frame.hidden = !frame.hidden;
    }
    tell(!frame.hidden);
  };
  tell(false);
  root.append(button);
  document.body.append(host);
}
