import type { DefineComponent } from 'vue';

/** A column of Directus's table. Widths are in pixels. */
export interface TableHeader {
	text: string;
	value: string;
	width?: number;
	sortable?: boolean;
}

type Props<T> = DefineComponent<T>;

/** The components Directus 12 registers for its extensions, with the props used here: vue-tsc checks templates by them. */
declare module 'vue' {
	interface GlobalComponents {
		PrivateView: Props<{ title: string; icon?: string }>;
		SidebarDetail: Props<{ id: string; title: string; icon: string }>;
		VButton: Props<{ small?: boolean; secondary?: boolean; icon?: boolean; loading?: boolean; disabled?: boolean }>;
		VChip: Props<{ kind?: 'neutral' | 'info' | 'success' | 'warning' | 'danger'; small?: boolean; xSmall?: boolean }>;
		VIcon: Props<{ name: string; small?: boolean; filled?: boolean }>;
		VInfo: Props<{
			title: string;
			icon: string;
			type?: 'info' | 'success' | 'warning' | 'danger';
			center?: boolean;
		}>;
		VList: Props<{ nav?: boolean; dense?: boolean }>;
		VListItem: Props<{ to?: string; block?: boolean; dense?: boolean; exact?: boolean }>;
		VListItemContent: Props<object>;
		VListItemIcon: Props<object>;
		VNotice: Props<{
			type?: 'info' | 'success' | 'warning' | 'danger';
			icon?: string | false;
			multiline?: boolean;
			indentContent?: boolean;
		}>;
		VSkeletonLoader: Props<{ type?: string }>;
		VTable: Props<{
			headers: TableHeader[];
			items: object[];
			itemKey?: string;
			rowHeight?: number;
			clickable?: boolean;
			showResize?: boolean;
		}>;
	}
}
