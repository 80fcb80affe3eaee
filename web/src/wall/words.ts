import { wallEn, type WallKey } from "../i18n/wall-en";
import { wallZh } from "../i18n/wall-zh";
import { ownWords } from "../i18n/own";

export type { WallKey } from "../i18n/wall-en";

export const { t } = ownWords<WallKey>({ zh: wallZh, en: wallEn });
