import { defineModule } from '@directus/extensions-sdk';
import PosturePage from './posture-page.vue';

export default defineModule({
	id: 'governance',
	name: 'Governance',
	icon: 'gavel',
	routes: [
		{ path: '', redirect: '/governance/posture' },
		{ path: 'posture', component: PosturePage },
	],
});
