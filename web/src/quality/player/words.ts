import { playerEn, type PlayerKey } from "../../i18n/player-en";
import { playerZh } from "../../i18n/player-zh";
import { ownWords } from "../../i18n/own";

export type { PlayerKey } from "../../i18n/player-en";

export const { t } = ownWords<PlayerKey>({ zh: playerZh, en: playerEn });
