import { deskCallEn, type LineKey } from "../../i18n/desk-call-en";
import { deskCallZh } from "../../i18n/desk-call-zh";
import { ownWords } from "../../i18n/own";

export type { LineKey } from "../../i18n/desk-call-en";

export const { t } = ownWords<LineKey>({ zh: deskCallZh, en: deskCallEn });
